import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { folderBackend, HOST } from './fixtures/folder-backend.ts';
import { declared, MEMORY, serverBackend } from './fixtures/trials.ts';

const LOST = 'updates of one session at once are each applied exactly once';
const COUNT = declared({ capabilities: MEMORY, backend: serverBackend }).length;
const ON_A_HOST = declared({ capabilities: HOST, backend: folderBackend });
const SHARED = ON_A_HOST.filter(({ chapter }) => chapter === 'several processes');
const HERE = fileURLToPath(new URL('.', import.meta.url));
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

const jestConfig = {
  rootDir: `${HERE}runners`,
  testMatch: ['**/jest.test.js'],
  testEnvironment: 'node',
  transform: {},
};

/** The command of each runner, how it picks those of processes, and how it says that so many have passed. */
const RUNNERS: Record<
  string,
  { args: string[]; picking: string[]; passed: (count: number, skipped?: number) => string }
> = {
  Jest: {
    args: [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      `--config=${JSON.stringify(jestConfig)}`,
    ],
    picking: ['--testTimeout=20000', '--testNamePattern=process'],
    passed: (count, skipped = 0) => `${count} passed, ${count + skipped} total`,
  },
  'node:test': {
    args: ['--test', '--test-reporter=tap', 'test/runners/node.test.js'],
    picking: ['--test-name-pattern=process'],
    passed: (count) => `# pass ${count}\n`,
  },
  Vitest: {
    args: ['node_modules/vitest/vitest.mjs', 'run', 'test/runners/vitest.test.js'],
    picking: ['--testTimeout=20000', '--testNamePattern=process'],
    passed: (count, skipped = 0) =>
      skipped > 0
        ? `${count} passed | ${skipped} skipped (${count + skipped})`
        : `${count} passed (${count})`,
  },
  Mocha: {
    args: ['node_modules/mocha/bin/mocha.js', 'test/runners/mocha.test.js'],
    picking: ['--timeout=20000', '--grep=process'],
    passed: (count) => `${count} passing`,
  },
};

describe('the kit runs under', () => {
  for (const [runner, { args, picking, passed }] of Object.entries(RUNNERS)) {
    test(`${runner}: a good store passes`, async () => {
      const { code, output } = await run(args, 'good');
      expect(output).toContain(passed(COUNT));
      expect(code).toBe(0);
    }, 60_000);

    test(`${runner}: a broken store fails, by the promise's name`, async () => {
      const { code, output } = await run(args, 'broken');
      expect(output).toContain(LOST);
      expect(output).toContain('expected 30, got 1');
      expect(code).not.toBe(0);
    }, 60_000);

    test(`${runner}: processes of their own`, async () => {
      // The file comes last, as all that follows it may be its own.
      const options = [...args.slice(0, -1), ...picking, ...args.slice(-1)];
      const { code, output } = await run(options, 'shared');
      expect(output).toContain(passed(SHARED.length, ON_A_HOST.length - SHARED.length));
      expect(code).toBe(0);
    }, 60_000);
  }
});

function run(args: string[], kind: string): Promise<{ code: number | null; output: string }> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: PACKAGE,
      env: { ...env, SUBJECT: kind, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
