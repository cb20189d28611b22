import { isDeepStrictEqual } from 'node:util';
import { expect, test } from '@jest/globals';
import type { Session } from '@sessions/core';
import { MemorySessionStore } from '../src/index.ts';

// What is done to `Object.prototype` ends with this file: Jest runs each in a realm of its own.
const set: unknown[] = [];
Object.defineProperty(Object.prototype, 'swallowed', { set: (value) => set.push(value) });
Object.defineProperty(Object.prototype, 'frozen', { value: 'inherited' });
Object.defineProperty(Object.prototype, 'listed', { value: 'inherited', enumerable: true });

const store = new MemorySessionStore();

/** An object with so many members before those that are given. */
const wide = (members: number, more: object): Session => {
  const filled = Object.fromEntries(Array.from({ length: members }, (_, n) => [`n${n}`, { n }]));
  return Object.defineProperties(filled, Object.getOwnPropertyDescriptors(more));
};

const odd = JSON.parse(
  '{"__proto__":{"a":[1]},"constructor":{"b":2},"swallowed":3,"frozen":{"c":[{}]},"listed":4,"2":5,"":6}',
);

const values: [string, object][] = [
  ['names that Object.prototype has', odd],
  ['a member named with a symbol', { a: 1, [Symbol('s')]: {} }],
  [
    'a getter',
    {
      get a() {
        return { b: [1] };
      },
    },
  ],
  ['a hidden member', Object.defineProperty({ a: 1 }, 'hidden', { value: {} })],
  ['a hidden toJSON', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => ({ b: 2 }) })],
  ['an array with a toJSON', { a: Object.assign([1], { toJSON: () => [2] }) }],
  ['an array with a hole', { a: Object.assign(new Array(3), [1]) }],
  ['an object without a prototype', { a: Object.assign(Object.create(null), { b: [1] }) }],
  [
    'an object of a class',
    {
      a: new (class {
        b = [1];
      })(),
      d: new Date(0),
      m: new Map([[1, 2]]),
    },
  ],
  ...[-0, Number.NaN, Infinity, undefined, Symbol('s'), () => 1, null, true, 0.5].flatMap(
    (value): [string, object][] => [
      [`a member ${String(value)}`, { first: {}, value }],
      [`an item ${String(value)}`, { list: ['first', value] }],
    ],
  ),
  ['boxed values', { a: new Number(5), b: [new String('s')], c: new Boolean(false) }],
  ['what is nested', { a: { b: [{ c: { d: [[{ e: { f: [{ g: 1 }] } }]] } }] } }],
];

test.each(
  values.flatMap(([what, value]) =>
    [0, 12, 13, 300].map((members) => [what, members, value] as const),
  ),
)('%s, after %d members, comes back as from JSON', async (_, members, value) => {
  const text = JSON.stringify(wide(members, value));
  await store.write('top', wide(members, value));
  await store.write('within', { list: [wide(members, value)] });
  const top = await store.read('top');
  expect(JSON.stringify(top)).toBe(text);
  expect(isDeepStrictEqual(top, JSON.parse(text))).toBe(true);
  const session = await store.read('within');
  expect(JSON.stringify(session)).toBe(`{"list":[${text}]}`);
  expect(Object.getOwnPropertySymbols(session?.list[0])).toEqual([]);
  expect(Object.getPrototypeOf(session?.list[0])).toBe(Object.prototype);
  expect(set).toEqual([]);
});

test.each([1, 12, 13, 30])('of %d members, none is shared with what is stored', async (members) => {
  const text = JSON.stringify(wide(members, { list: [{}] }));
  const written = wide(members, { list: [{}] });
  const spoil = (session: Session | null) => {
    for (const member of Object.values(session ?? {})) member.spoilt = true;
    if (session) session.list[0].spoilt = true;
  };
  await store.write('a', written);
  spoil(written);
  spoil(await store.read('a'));
  await store
    .update('a', (session) => {
      spoil(session);
      throw new Error('after all not');
    })
    .catch(() => {});
  expect(JSON.stringify(await store.read('a'))).toBe(text);
  const change = JSON.parse(text);
  const result = await store.update('a', () => change);
  expect(result).not.toBe(change);
  spoil(change);
  spoil(result);
  expect(JSON.stringify(await store.read('a'))).toBe(text);
});

test.each([99, 100, 101, 500])(
  'a session of %d levels is not changed by its depth',
  async (levels) => {
    let session: Session = { n: levels };
    for (let i = 1; i < levels; i++) session = i % 2 ? { list: [session] } : { session };
    await store.write('a', session);
    expect(JSON.stringify(await store.read('a'))).toBe(JSON.stringify(session));
  },
);

test.each<[string, Session]>([
  ['names', { ['n'.repeat(500)]: 1 }],
  ['members', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [n, n]))],
  ['text', { text: 'x'.repeat(500) }],
  ['items', { list: Array(300).fill(0) }],
  ['text in items', { list: ['x'.repeat(500)] }],
  ['numbers', { list: Array(30).fill(-1.2345678901234567e-100) }],
  ['objects', { list: Array(200).fill({}) }],
])('the size of %s counts as in JSON', async (_, session) => {
  const maxSessionBytes = Buffer.byteLength(JSON.stringify(session));
  await new MemorySessionStore(1, { maxSessionBytes }).write('a', session);
  const less = new MemorySessionStore(1, { maxSessionBytes: maxSessionBytes - 1 });
  await expect(less.write('a', session)).rejects.toMatchObject({ code: 'TOO_LARGE' });
});

test.each([[[1]], ['text'], [5], [null]])('%p is no session', async (bad) => {
  const write = store.write('a', bad as unknown as Session);
  await expect(write).rejects.toMatchObject({ code: 'INVALID_SESSION' });
});

test('a few objects that refer to each other many times are not copied so often', async () => {
  let looks = 0;
  let session: Session = {
    get n() {
      looks++;
      return 1;
    },
  };
  for (let level = 0; level < 16; level++) session = { one: session, other: session };
  const small = new MemorySessionStore(1, { maxSessionBytes: 1000 });
  await expect(small.write('a', session)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  expect(looks).toBeLessThan(2000);
});

const mistake = new Error('after all not');
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();

test.each<[string, Session]>([
  [
    'a getter that throws',
    {
      get a() {
        throw mistake;
      },
    },
  ],
  ['a proxy that was revoked', proxy],
  ['such a proxy within', { proxy }],
])('%s makes it no session, as with any store', async (_, bad) => {
  await store.write('a', { n: 1 });
  await expect(store.write('a', bad)).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  expect(await store.read('a')).toEqual({ n: 1 });
});
