// Changes core in hundreds of small ways, one at a time, and sees whether a test fails of each.
// Usage: pnpm mutate [file of src ...], such as `pnpm mutate id copy`.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import jest from '../jest.config.js';
import { testsOf } from './tests.js';

const LEAST = 90; // percent of a file's mutants that must be caught

const asked = process.argv.slice(2);
const files = readdirSync('src')
  .map((file) => file.replace('.ts', ''))
  .filter((file) => (asked.length > 0 ? asked.includes(file) : testsOf[file]));

const rows = [];
for (const file of files) rows.push(await mutate(file));
console.table(rows);
if (rows.length === 0 || rows.some(({ percent }) => percent < LEAST)) process.exitCode = 1;

async function mutate(file) {
  const testMatch = testsOf[file].map((name) => `<rootDir>/test/${name}.test.ts`);
  const testEnvironment = fileURLToPath(new URL('bail-environment.cjs', import.meta.url));
  const results = await new Stryker({
    mutate: [`src/${file}.ts`],
    // Stryker rewrites a tsconfig.json by TypeScript's API, which version 7 does not have.
    ignorePatterns: ['dist', 'reports', 'tsconfig.json'],
    tempDirName: fileURLToPath(new URL('reports', import.meta.url)),
    plugins: [import.meta.resolve('@stryker-mutator/jest-runner')],
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules'],
    jest: {
      config: { ...jest, testEnvironment, testMatch, testTimeout: 10_000 },
      enableFindRelatedTests: false,
    },
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 10_000, // and half as long again as the tests take
    reporters: ['clear-text'],
    clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: false },
    allowConsoleColors: false,
    logLevel: 'warn',
  }).runMutationTest();
  const count = (...statuses) => results.filter(({ status }) => statuses.includes(status)).length;
  const caught = count('Killed', 'Timeout');
  const missed = count('Survived', 'NoCoverage');
  const percent = Math.round((1000 * caught) / (caught + missed)) / 10;
  return { file, mutants: caught + missed, caught, percent };
}
