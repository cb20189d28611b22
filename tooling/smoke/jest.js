import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './project.js';
import { nodes, root, run } from './run.js';

const BOT = `
const { MemorySessionStore } = require('@sessions/memory');
const { FileSessionStore } = require('@sessions/file');
exports.stores = [new MemorySessionStore(10), new FileSessionStore('sessions')];
`;

const TEST = `
const { stores } = require('./bot.js');
test.each(stores)('counts', async (store) => {
  await store.update('telegram:42', (old) => ({ visits: (old?.visits ?? 0) + 1 }));
  expect(await store.read('telegram:42')).toEqual({ visits: 1 });
  await store.destroy('telegram:42');
});
`;

/** CommonJS tests, with the configuration in the README of core, as npm and pnpm lay it all out. */
export function checkJest() {
  const readme = readFileSync(join(root, 'packages/core/README.md'), 'utf8');
  const [, config] = readme.match(/^ *\/\/ jest\.config\.js\n(.+?)^ *```/ms);
  for (const manager of ['npm', 'pnpm']) {
    const tools = ['jest', '@swc/core', '@swc/jest'];
    const names = ['@sessions/memory', '@sessions/file'];
    const folder = project(`jest-${manager}`, names, { manager, tools });
    const files = { 'jest.config.js': config, 'bot.js': BOT, 'bot.test.js': TEST };
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    for (const node of nodes) {
      const args = ['node_modules/jest/bin/jest.js', '--json', '--silent'];
      const { numPassedTests } = JSON.parse(run(node, args, folder));
      assert.equal(numPassedTests, 2);
    }
    console.log(`CommonJS tests run under Jest, installed by ${manager}`);
  }
}
