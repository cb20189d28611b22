import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ConsoleBot } from '../src/index.ts';
import { BrokenStore, Gate, nickname, Transcript } from './support.ts';

const UP = '\u001b[A';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';

describe('streams that are a terminal', () => {
  let sessionStore: BrokenStore;
  let bot: ConsoleBot;
  let input: PassThrough;
  let screen: Transcript;
  let errors: Transcript;
  let ended: Promise<void>;

  beforeEach(async () => {
    sessionStore = new BrokenStore();
    bot = new ConsoleBot({ sessionStore });
    bot.setInitialState({ asking: false, nickname: null }).onEvent(nickname);
    input = Object.assign(new PassThrough(), { isTTY: true });
    const output = Object.assign(new PassThrough(), { isTTY: true });
    const errorOutput = new PassThrough();
    screen = new Transcript(output);
    errors = new Transcript(errorOutput);
    ended = bot.start({ input, output, errorOutput });
    await screen.until('You > ');
  });

  test('there is a prompt, and a name before each reply', async () => {
    input.write('Hi\r');
    await screen.until("Bot > Hi, what's your nickname?\n");
    await screen.until('You > ');
    input.write('Tim\r');
    await screen.until('Bot > Hello Tim\n');
    await screen.until('You > ');
    input.write('/exit\r');
    await ended;
  });

  test('the arrow up brings back what was typed', async () => {
    input.write('Hi\r');
    await screen.until('You > ');
    input.write('Tim\r');
    await screen.until('You > ');
    input.write(`${UP}${UP}\r`);
    await screen.until('Bot > Hi');
    input.write(`${UP}${UP}my\r`);
    await screen.until('Bot > Hello Timmy\n');
    input.write('/exit\r');
    await ended;
  });

  test.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
  ])('%s ends the conversation', async (_name, key) => {
    input.write('Hi\r');
    await screen.until('You > ');
    input.write(key);
    await ended;
    expect(screen.text.endsWith('\n')).toBe(true);
  });

  test('Ctrl-C during a handler lets it finish, and handles nothing more', async () => {
    const begun = new Gate();
    const go = new Gate();
    const handled: string[] = [];
    bot.onEvent(async ({ event }) => {
      begun.open();
      await go.opened;
      handled.push(event.text);
    });
    input.write('one\rtwo\r');
    await begun.opened;
    input.write(CTRL_C);
    await new Promise(setImmediate);
    go.open();
    await ended;
    expect(handled).toEqual(['one']);
  });

  test('an error is shown, and the conversation goes on where it was', async () => {
    input.write('Hi\r');
    await screen.until('You > ');
    sessionStore.broken = 'read';
    input.write('Tim\r');
    await errors.until('Error: the disk is gone');
    await screen.until('You > ');
    sessionStore.broken = undefined;
    input.write('Tom\r');
    await screen.until('Bot > Hello Tom\n');
    input.write('/exit\r');
    await ended;
  });
});

// `script` of util-linux gives a real terminal; that of macOS takes other options.
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('the command line in a real terminal', () => {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

  test.each([
    ['Ctrl-C', CTRL_C],
    ['Ctrl-D', CTRL_D],
    ['/exit', '/exit\r'],
  ])('prompt, history, every command, and %s', async (_name, last) => {
    const command = `'${process.execPath}' '${cli}'`;
    const terminal = spawn('script', ['-q', '-e', '-c', command, '/dev/null']);
    const screen = new Transcript(terminal.stdout);
    const exit = once(terminal, 'exit');
    for (const [typed, shown] of [
      ['', '/help lists the commands.'],
      ['Hi\r', "Bot > Hi, what's your nickname?"],
      ['Tim\r', 'Bot > Hello Tim'],
      ['/state\r', '"nickname": "Tim"'],
      [`${UP}${UP}${UP}\r`, "Bot > Hi, what's your nickname?"],
      ['/session\r', '"asking": true'],
      ['/reset\r', 'The state is the initial one again.'],
      ['/help\r', 'begins with a slash'],
    ] as const) {
      terminal.stdin.write(typed);
      await screen.until(shown);
      await screen.until('You > ');
    }
    terminal.stdin.write(last);
    expect(await exit).toEqual([0, null]);
  });
});
