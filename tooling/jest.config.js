import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Jest writes its report there, and does not make the folder.
mkdirSync('reports', { recursive: true });

// The one jest configuration; each package runs it on itself with `--rootDir .`.
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      fileURLToPath(import.meta.resolve('@swc/jest')),
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  collectCoverageFrom: ['<rootDir>/src/**/*.ts'],
  coverageDirectory: '<rootDir>/reports/coverage',
  maxWorkers: 2,
  testTimeout: 30_000, // a bound for what hangs, with room for a busy machine
};
