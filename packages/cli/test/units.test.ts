import { describe, expect, test } from '@jest/globals';
import { printableId, printableJson } from '../src/printable.ts';
import { Secrets } from '../src/secrets.ts';
import { parseStore } from '../src/store-text.ts';
import { count, counted, duration, size } from '../src/units.ts';

test.each([
  ['redis', { name: 'redis', args: [] }],
  ['redis://host:1/2', { name: 'redis', args: ['redis://host:1/2'] }],
  ['rediss://host', { name: 'redis', args: ['rediss://host'] }],
  ['mongodb+srv://host/a', { name: 'mongo', args: ['mongodb+srv://host/a'] }],
  ['postgresql://host/a', { name: 'postgres', args: ['postgresql://host/a'] }],
  ['sqlite:./bot.db', { name: 'sqlite', args: ['./bot.db'] }],
  ['file:./a', { name: 'file', args: ['./a'] }],
  ['file:///a/b', { name: 'file', args: ['/a/b'] }],
  ['./a', { name: 'file', args: ['./a'] }],
  ['/a/b', { name: 'file', args: ['/a/b'] }],
  ['./toy.mjs', { name: './toy.mjs', args: [] }],
  ['./toy.mjs:argument', { name: './toy.mjs', args: ['argument'] }],
  ['my-sessions:a:b', { name: 'my-sessions', args: ['a:b'] }],
  ['bot.db', { name: 'sqlite', args: ['bot.db'] }],
  ['./data/bot.sqlite3', { name: 'sqlite', args: ['./data/bot.sqlite3'] }],
  ['file:./bot.db', { name: 'file', args: ['./bot.db'] }],
])('the store %j', (text, meant) => expect(parseStore(text)).toEqual(meant));

test.each([
  [-5, '0s'],
  [999, '0s'],
  [119_000, '119s'],
  [120_000, '2m'],
  [7_199_000, '119m'],
  [7_200_000, '2h'],
  [172_800_000, '2d'],
  [31_535_999_000, '364d'],
  [31_536_000_000, '1y'],
])('%d ms are %s', (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.9, '1.0 kB'],
  [1234, '1.2 kB'],
  [99_949, '100 kB'],
  [999_600, '1.0 MB'],
  [5e12, '5.0 TB'],
])('%d bytes are %s', (bytes, text) => expect(size(bytes)).toBe(text));

test('numbers have commas, and nouns a number', () => {
  expect([count(1234567), counted(1, 'session'), counted(0, 'session')]).toEqual([
    '1,234,567',
    '1 session',
    '0 sessions',
  ]);
});

describe('what a terminal would obey', () => {
  const OBEYED = ['\u001b[31m', '\u0000', '\u009b', '\u202e', '\u2028', '\n', '\t', '\ud800'];

  test.each(OBEYED)('%j in an id is shown as JSON, and means the same', (text) => {
    const id = `a${text}b`;
    const shown = printableId(id);
    expect(shown).toMatch(/^"a\\u?[\w\\[]+b"$/);
    expect(JSON.parse(shown)).toBe(id);
  });

  test.each(OBEYED)('%j in a session is escaped, and means the same', (text) => {
    const session = { [text]: text };
    const shown = printableJson(JSON.stringify(session, null, 2));
    expect(shown).not.toMatch(/[^\n\P{C}]|[\u2028\u2029]/u);
    expect(JSON.parse(shown)).toEqual(session);
  });

  test.each(['telegram:42', 'Zoë', '👩‍👩‍👧', 'a "b"', 'back\\slash', '日本'])(
    '%s is shown as it is',
    (id) => {
      expect(printableId(id)).toBe(id);
    },
  );

  test.each(['', ' a', 'a ', '"a"'])('%j is shown as JSON: it would mislead', (id) => {
    expect(printableId(id)).toBe(JSON.stringify(id));
  });
});

describe('secrets', () => {
  const hidden = (text: string, message: string) => {
    const secrets = new Secrets();
    secrets.learn(text);
    return secrets.hide(message);
  };

  test.each([
    ['redis://:sesame@host', 'WRONGPASS for sesame'],
    ['redis://user:sesame@host', 'could not parse redis://user:sesame@host'],
    ['redis://user:ses/ame@host', 'the host is "ses/ame"'],
    ['redis://user:ses%40ame@host', 'ses@ame'],
    ['redis://user:ses@ame@host', 'redis://user:ses@ame@host'],
    ['postgres://host/db?password=sesame&x=1', 'sesame'],
    ['mongodb://host/?tlsCertificateKeyFilePassword=sesame', 'sesame'],
    [
      'mongodb://host/?authMechanismProperties=AWS_SESSION_TOKEN:sesame',
      'AWS_SESSION_TOKEN:sesame',
    ],
  ])('what is secret in %s is not in %s', (text, message) => {
    expect(hidden(text, message)).not.toMatch(/ses.?.?.?ame/);
  });

  test('those of URLs that were not known', () => {
    expect(hidden('', 'at mongodb://me:sesame@a,b/c and x?token=sesame')).toBe(
      'at mongodb://***@a,b/c and x?token=***',
    );
  });

  test('all else stays', () => {
    const text = 'connect ECONNREFUSED 127.0.0.1:6379, mail to a@b.example, redis://host/0';
    expect(hidden('redis://host?keyPrefix=mail', text)).toBe(text);
  });
});
