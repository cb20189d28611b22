import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { docs } from '../build/root.js';
import { stepsOf } from './blocks.js';

for (const page of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
  const steps = stepsOf(readFileSync(join(docs, page), 'utf8'));
  if (steps.length === 0) continue;
  describe(page, () => {
    // In here, so that programs find the packages; one for a page, as its reader has one.
    const folder = mkdtempSync(join(docs, '.blocks-'));
    after(() => rmSync(folder, { recursive: true }));

    for (const { line, name, program, command, output } of steps) {
      if (name) {
        writeFileSync(join(folder, name), program);
      } else {
        test(`line ${line}${command ? `: ${command}` : ''}`, () => {
          const args = command
            ? command.replace(/^node /, '').split(' ')
            : ['--input-type=module', '--eval', program];
          const options = { cwd: folder, encoding: 'utf8', timeout: 30_000 };
          const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
          assert.equal(status, 0, stderr);
          if (output !== undefined) assert.equal(stdout, output);
        });
      }
    }
  });
}
