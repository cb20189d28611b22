import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { FileSessionStore } from '@sessions/file';
import { onPath } from '../../../tooling/servers/find-server.ts';
import { SLOW } from './strangers.ts';
import { allOf, editor, inTerminal, project, typed } from './support.ts';

jest.setTimeout(60_000); // on a busy machine

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ESC = '\u001b';

let folder: string;

beforeEach(async () => {
  folder = await project('@sessions/file');
  await using store = new FileSessionStore(join(folder, 'bot'), { flush: false });
  for (const id of ['a:1', 'a:2', 'b:1', `c${ESC}[31m`]) await store.write(id, { n: 1 });
});

const fill = async (many: number) => {
  const options = { flush: false, timeout: 60_000 }; // of the last one, behind all others
  await using store = new FileSessionStore(join(folder, 'bot'), options);
  const ids = Array.from({ length: many }, (_, n) => `many:${n}`);
  await Promise.all(ids.map((id) => store.write(id, {})));
};

const idsIn = async (name: string) => {
  await using store = new FileSessionStore(join(folder, name));
  return (await allOf(store.ids())).sort();
};

// From util-linux, on any Debian; that of other systems takes other options.
const declare = process.platform === 'linux' && onPath('script') ? describe : describe.skip;

declare('in a terminal', () => {
  test('clear asks, and does nothing unless the answer is yes', async () => {
    const command = typed('clear', '--prefix', 'a:', '--store', './bot');
    const no = inTerminal(folder, command);
    await no.until(/Remove 2 sessions whose ids begin with a:\? \[y\/N\] /);
    no.type('\r');
    expect(await no.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing was removed'),
    });
    expect(await idsIn('bot')).toHaveLength(4);
    const yes = inTerminal(folder, command);
    await yes.until(/\[y\/N\] /);
    yes.type('y\r');
    expect((await yes.ended).stdout).toContain('2 sessions removed');
    expect(await idsIn('bot')).toHaveLength(2);
  });

  test('Ctrl-C is an answer, too', async () => {
    const running = inTerminal(folder, typed('clear', '--all', '--store', './bot'));
    await running.until(/\[y\/N\] /);
    running.type(CTRL_C);
    expect((await running.ended).code).toBe(130);
    expect(await idsIn('bot')).toHaveLength(4);
  });

  test('Ctrl-D means no', async () => {
    const running = inTerminal(folder, typed('clear', '--all', '--store', './bot'));
    await running.until(/\[y\/N\] /);
    running.type(CTRL_D);
    const { code, stdout } = await running.ended;
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\r\nnothing was removed\r\n$/),
    });
    expect(await idsIn('bot')).toHaveLength(4);
  });

  test('there are colours, unless NO_COLOR is set, and none of the ids has one', async () => {
    const command = typed('doctor', './bot');
    expect((await inTerminal(folder, command).ended).stdout).toContain(`${ESC}[32mok`);
    const plain = await inTerminal(folder, command, { NO_COLOR: '1' }).ended;
    expect(plain.stdout).not.toContain(ESC);
    const listed = await inTerminal(folder, typed('ls', '--store', './bot')).ended;
    expect(listed.stdout).toContain('"c\\u001b[31m"');
    expect(listed.stdout).not.toContain(`${ESC}[31m`);
  });

  test('get tells lifetime and version as well', async () => {
    const { stdout } = await inTerminal(folder, typed('get', 'a:1', '--store', './bot')).ended;
    expect(stdout).toMatch(/\}\r\n7 B, expires in 364d, version \S{12}\r\n$/);
  });

  test('Ctrl-C is for the editor, while there is one', async () => {
    const program = `let heard = 0;
process.on('SIGINT', () => console.log('heard ' + ++heard));
process.stdin.once('data', () => {
  fs.writeFileSync(file, '{"n":2}');
  process.exit();
});
console.log('ready');`;
    const command = typed('edit', 'a:1', '--store', './bot');
    const running = inTerminal(folder, command, { EDITOR: await editor(folder, program) });
    await running.until(/ready/);
    running.type(CTRL_C);
    await running.until(/heard 1/);
    running.type(CTRL_C); // twice would end the command
    await running.until(/heard 2/);
    running.type('\r');
    expect(await running.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('stored'),
    });
    await using store = new FileSessionStore(join(folder, 'bot'));
    expect(await store.read('a:1')).toEqual({ n: 2 });
  });

  test('copy shows how far it is, with rate and time left, and clears that line', async () => {
    await fill(600);
    const { code, stdout } = await inTerminal(folder, typed('copy', './bot', './to')).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/█+░+ {2}copied [\d,]+ of 604 {2}\d+ % {2}[\d,]+\/s {2}\d+s left/);
    const end = `\r${ESC}[K604 sessions copied, 0 there already, 0 refused\r\n`;
    expect(stdout.slice(-end.length)).toBe(end);
    expect(await idsIn('to')).toHaveLength(604);
    const again = inTerminal(folder, typed('copy', './bot', './to', '--dry-run'));
    await again.until(/\r\S+Kcompared [\d,]+ {2}/);
    expect((await again.ended).stdout).not.toMatch(/Kcopied/);
  });

  test.each([
    ['that cannot clear a line', 'stty cols 100', 'dumb', /^604 sessions read, 0 cannot be\r\n$/],
    ['that does not tell its width', 'stty cols 0', 'xterm', /\rESC\[Kread 1 {2}[\d,]+\/s\rESC/],
  ])('a terminal %s', async (_, size, TERM, shown) => {
    await fill(600);
    const command = `sh -c "${size}; exec ${typed('verify', '--store', './bot')}"`;
    const { stdout } = await inTerminal(folder, command, { TERM }).ended;
    expect(stdout.replaceAll(ESC, 'ESC')).toMatch(shown);
  });

  test('clear shows how far it is, and tells at Ctrl-C how many are gone', async () => {
    await fill(2000);
    const command = typed('clear', '--prefix', 'many:', '--store', './bot');
    const stopped = inTerminal(folder, command);
    await stopped.until(/\[y\/N\] /);
    stopped.type('y\r');
    await stopped.until(/█+░+ {2}removed [\d,]+ of 2,000 {2}\d+ % {2}[\d,]+\/s {2}\d+s left/);
    stopped.type(CTRL_C);
    const { code, stdout } = await stopped.ended;
    expect(code).toBe(130);
    const [, removed = ''] = /([\d,]+) sessions removed\r\n$/.exec(stdout) ?? [];
    const left = 2004 - Number(removed.replace(',', ''));
    expect(left).toBeGreaterThan(4);
    expect(await idsIn('bot')).toHaveLength(left);
  });

  test('ls shows what it has found while it searches on, and for how long it does', async () => {
    await writeFile(join(folder, 'slow.mjs'), SLOW);
    const running = inTerminal(folder, typed('ls', '--store', './slow.mjs:./bot'));
    await running.until(/a:1\r\n/);
    await running.until(/\r\S+Ksearching {2}\ds/);
    running.type(CTRL_C);
    expect((await running.ended).code).toBe(130);
  });

  test('prune tells how long it takes', async () => {
    await writeFile(join(folder, 'slow.mjs'), SLOW);
    const running = inTerminal(folder, typed('prune', '--store', './slow.mjs:./bot'));
    await running.until(/\r\S+Kremoving what has expired {2}\ds/);
    running.type(CTRL_C);
    expect((await running.ended).code).toBe(130);
  });

  test('verify tells how long it looks for the ids of what is corrupt', async () => {
    await writeFile(join(folder, 'slow.mjs'), SLOW);
    const running = inTerminal(folder, typed('verify', '--store', './slow.mjs:./bot'));
    await running.until(/\r\S+Klooking for the ids {2}\ds/);
    running.type(CTRL_C);
    expect((await running.ended).code).toBe(130);
  });
});
