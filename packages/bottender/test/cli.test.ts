import { readdir, writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { project, run } from './support.ts';

test('--help says what there is', async () => {
  const { code, stdout, stderr } = await run(await project(), '--help');
  for (const word of ['migrate', '--expires-in', '--collection', '--dry-run', '--help']) {
    expect(stdout).toContain(word);
  }
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

const usage = 'say migrate <from> <to>; --help tells more';
const forms = 'what to move from is file:<folder>, redis://… or mongodb://…';
const minutes = 'expiresIn is a number of minutes, 0 for never, as in bottender.config.js';

test.each([
  [[], usage],
  [['migrate', 'file:.'], usage],
  [['copy', 'file:.', 'memory'], usage],
  [['migrate', 'file:.', 'memory', 'more'], usage],
  [['migrate', '.sessions', 'memory'], forms],
  [['migrate', 'postgres://host', 'memory'], forms],
  [['migrate', 'file:.', 'memory', '--expires-in', ''], minutes],
  [['migrate', 'file:.', 'memory', '--expires-in', 'soon'], minutes],
  [['migrate', 'file:.', 'memory', '--expires-in=-1'], minutes],
  [['migrate', 'file:.', 'memory', '--expires-in', 'Infinity'], minutes],
  [['migrate', 'file:.', 'memory', '--collection', 'a'], 'only Mongo has collections'],
  [
    ['migrate', 'redis://127.0.0.1:1', 'memory', '--expires-in', '60'],
    'keys in Redis have lifetimes of their own, which are kept',
  ],
  [['migrate', 'file:.', 'toy'], 'the store toy is not installed; npm install @sessions/toy'],
])('%j is a mistake: code 1, a message, and nothing is made', async (args, message) => {
  const folder = await project();
  const before = await readdir(folder);
  expect(await run(folder, ...args)).toEqual({ code: 1, stdout: '', stderr: `${message}\n` });
  expect(await readdir(folder)).toEqual(before);
});

test.each(['--nosuch', '--expires-in'])('%s is a mistake', async (arg) => {
  const { code, stdout, stderr } = await run(await project(), 'migrate', 'file:.', 'memory', arg);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('ERR_PARSE_ARGS');
});

test('a folder that is not there: code 1, and why', async () => {
  const { code, stderr } = await run(await project(), 'migrate', 'file:./nothing', 'memory');
  expect(code).toBe(1);
  expect(stderr).toContain('ENOENT');
});

test('a store of five methods alone keeps no lifetimes', async () => {
  const folder = await project();
  await writeFile(`${folder}/toy.mjs`, 'export class ToySessionStore {}');
  expect(await run(folder, 'migrate', 'file:.', './toy.mjs')).toMatchObject({
    code: 1,
    stderr: 'the store keeps no lifetimes\n',
  });
});
