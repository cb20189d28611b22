import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, test } from '@jest/globals';

/**
 * Declares a test for each program in a README: every block marked `js` runs as a module, beside
 * the README, and prints exactly the block marked `text` that follows it, if one does.
 */
export function testExamples(readme: string, env: Record<string, string> = {}): void {
  const examples = examplesIn(readFileSync(readme, 'utf8'));
  test(`${basename(readme)} has examples`, () => expect(examples).not.toHaveLength(0));
  for (const { program, line, output } of examples) {
    test(`${basename(readme)}: the example in line ${line} runs`, () => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '--eval', program],
        {
          cwd: dirname(readme),
          encoding: 'utf8',
          env: { ...process.env, NODE_OPTIONS: '', ...env },
          input: '',
          timeout: 30_000,
        },
      );
      expect({ status, stderr }).toMatchObject({ status: 0 });
      if (output !== undefined) expect(stdout).toBe(output);
    });
  }
}

function examplesIn(markdown: string): { program: string; line: number; output?: string }[] {
  const blocks = /^```js\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms;
  return [...markdown.matchAll(blocks)].map(({ 0: _, 1: program = '', 2: output, index }) => ({
    program,
    line: markdown.slice(0, index).split('\n').length,
    ...(output === undefined ? {} : { output }),
  }));
}
