import { PassThrough, Readable, Writable } from 'node:stream';
import { beforeEach, expect, test } from '@jest/globals';
import { ConsoleBot, type ConsoleBotOptions } from '../src/index.ts';
import { BrokenStore, Gate, HandWrittenStore, nickname, Transcript } from './support.ts';

let sessionStore: BrokenStore;
let output: PassThrough;
let transcript: Transcript;

beforeEach(() => {
  sessionStore = new BrokenStore();
  output = new PassThrough();
  transcript = new Transcript(output);
});

function create(options: ConsoleBotOptions = {}): ConsoleBot {
  const bot = new ConsoleBot({ sessionStore, now: () => 1234, ...options });
  return bot.setInitialState({ asking: false, nickname: null }).onEvent(nickname);
}

async function talk(...chunks: (string | Uint8Array)[]): Promise<string> {
  await create().start({ input: Readable.from(chunks), output });
  return transcript.text;
}

const conversation = "Hi, what's your nickname?\nHello Tim\n";

test('a piped conversation: the replies and nothing else', async () => {
  expect(await talk('Hi\nTim\n')).toBe(conversation);
});

test.each<[string, (string | Uint8Array)[]]>([
  ['the last line has no end', ['Hi\nTim']],
  ['lines end as on Windows', ['Hi\r\nTim\r\n']],
  ['lines come in pieces', ['H', 'i\r', '\nT', 'im', '\n']],
  ['there are blank lines', ['\nHi\n\n  \nTim\n\n']],
  ['the text begins with a byte order mark', [Buffer.from('\ufeffHi\nTim\n')]],
])('the same when %s', async (_what, chunks) => {
  expect(await talk(...chunks)).toBe(conversation);
});

test('a character whose bytes come in two pieces stays whole', async () => {
  const bytes = Buffer.from('Hi\n😀\n');
  expect(await talk(bytes.subarray(0, 5), bytes.subarray(5))).toContain('Hello 😀\n');
});

test('no input is no conversation', async () => {
  expect(await talk()).toBe('');
  expect(await sessionStore.all()).toEqual([]);
});

test('the next line is handled when the one before is stored', async () => {
  const first = new Gate();
  const log: string[] = [];
  const bot = new ConsoleBot({ sessionStore });
  bot.onEvent(async ({ event }) => {
    log.push(`${event.text} begins`);
    if (event.text === '1') {
      first.open();
      await new Promise(setImmediate); // the second line is there by now
    }
    log.push(`${event.text} ends`);
  });
  const input = new PassThrough();
  const ended = bot.start({ input, output });
  input.write('1\n');
  await first.opened;
  input.end('2\n');
  await ended;
  expect(log).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
});

test('the session is that of console:1', async () => {
  await talk('Hi\n');
  expect(await sessionStore.all()).toEqual([
    {
      id: 'console:1',
      platform: 'console',
      user: { id: '1', name: 'you' },
      lastActivity: 1234,
      _state: { asking: true, nickname: null },
    },
  ]);
});

test('another console has another session', async () => {
  const bot = create({ sessionId: 'console:tim' });
  await bot.start({ input: Readable.from(['Hi\n']), output });
  expect(await sessionStore.read('console:tim')).toMatchObject({
    user: { id: 'tim' },
    _state: { asking: true },
  });
});

test('talking in the session of somebody else leaves who that is', async () => {
  const known = { id: 'telegram:42', platform: 'telegram', user: { id: '42' } };
  sessionStore.sessions.set('telegram:42', { ...known, _state: { asking: true } });
  const bot = create({ sessionId: 'telegram:42' });
  await bot.start({ input: Readable.from(['Tim\n']), output });
  expect(await sessionStore.read('telegram:42')).toEqual({
    ...known,
    lastActivity: 1234,
    _state: { asking: false, nickname: 'Tim' },
  });
});

test('/state shows the state, stored or initial', async () => {
  const shown = await talk('/state\nHi\nTim\n/state\n');
  expect(shown).toBe(
    `{\n  "asking": false,\n  "nickname": null\n}\n${conversation}{\n  "asking": false,\n  "nickname": "Tim"\n}\n`,
  );
});

test('/session shows what is stored', async () => {
  const shown = await talk('/session\nHi\n/session\n');
  const stored = JSON.stringify(await sessionStore.read('console:1'), null, 2);
  expect(shown).toBe(`null\nHi, what's your nickname?\n${stored}\n`);
});

test('/reset goes back to the initial state and stores that', async () => {
  await talk('Hi\nTim\n/reset\n');
  expect((await sessionStore.read('console:1'))?._state).toEqual({ asking: false, nickname: null });
});

test('/exit ends the conversation, and the input', async () => {
  const input = new PassThrough();
  const ended = create().start({ input, output });
  input.write('Hi\n/exit\nTim\n');
  await ended;
  expect(transcript.text).toBe("Hi, what's your nickname?\n");
  expect(input.destroyed).toBe(true);
});

test('/help lists every command', async () => {
  const shown = await talk('/help \n');
  for (const command of ['/state', '/session', '/reset', '/help', '/exit', '//']) {
    expect(shown).toContain(command);
  }
  expect(await sessionStore.all()).toEqual([]);
});

test('a command that does not exist is said to be one, and does not reach the bot', async () => {
  expect(await talk('Hi\n/sate\nTim\n')).toBe(
    "Hi, what's your nickname?\nThere is no command /sate; /help lists them, and //sate says it to the bot.\nHello Tim\n",
  );
});

test('a second slash lets a text with one reach the bot', async () => {
  expect(await talk('//start\n//start\n')).toContain('Hello /start\n');
});

test.each(['read', 'write'] as const)('a store whose %s fails ends it', async (method) => {
  sessionStore.broken = method;
  await expect(talk('Hi\nTim\n')).rejects.toBe(sessionStore.error);
  expect(transcript.text).not.toContain('Hello');
});

test.each(['/state', '/session', '/reset'])('%s does not hide a failing store', async (command) => {
  sessionStore.broken = 'read';
  await expect(talk(`${command}\n`)).rejects.toBe(sessionStore.error);
  expect(transcript.text).toBe('');
});

test('with onError the conversation goes on', async () => {
  const errors: unknown[] = [];
  const bot = new ConsoleBot({ sessionStore: new HandWrittenStore() });
  bot.onError((error) => errors.push(error));
  bot.onEvent(async (context) => {
    if (context.event.text === 'bad') throw new Error('bad');
    await context.sendText(context.event.text);
  });
  await bot.start({ input: Readable.from(['bad\ngood\n']), output });
  expect(errors).toEqual([new Error('bad')]);
  expect(transcript.text).toBe('good\n');
});

test('an input that fails is an error', async () => {
  const error = new Error('read EIO');
  const input = new PassThrough();
  const ended = create().start({ input, output });
  input.destroy(error);
  await expect(ended).rejects.toBe(error);
});

test('an output that fails is an error', async () => {
  const error = new Error('write EPIPE');
  const closed = new Writable({
    write: (_chunk, _encoding, done) => done(error),
  });
  const ended = create().start({ input: Readable.from(['Hi\n']), output: closed });
  await expect(ended).rejects.toBe(error);
});
