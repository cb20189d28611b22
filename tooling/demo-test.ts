import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const cli = fileURLToPath(new URL('../packages/bot/dist/cli.js', import.meta.url));

/** Declares a test in which the demo, started twice, goes on with the conversation in that store. */
export function testDemo(store: string, packageFolder: string): void {
  test('the demo keeps its conversation there', () => {
    const session = `console:${randomUUID()}`;
    const say = (input: string) => {
      const words = [cli, '--store', store, '--session', session, '--from', packageFolder];
      const { status, stdout } = spawnSync(process.execPath, words, {
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
        input,
        timeout: 30_000,
      });
      return { status, stdout };
    };
    expect(say('Hi\n')).toEqual({ status: 0, stdout: "Hi, what's your nickname?\n" });
    expect(say('Tim\n')).toEqual({ status: 0, stdout: 'Hello Tim\n' });
  });
}
