import { inspect } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { DriverStore, JSON_TEXT, type Session } from '../src/index.ts';
import { copyValue } from '../src/json.ts';
import { MapDriver } from './map-driver.ts';

const copyIn = (value: Session, maxBytes: number) =>
  JSON_TEXT.decode(JSON_TEXT.encode(value, maxBytes));
const copy = (value: Session) => copyIn(value, Infinity);
const viaJson = (value: unknown) => JSON.parse(JSON.stringify(value));

const keys = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'toJSON',
    '$set',
    'a.b',
    '',
    '0',
    '10',
    '-1',
    '_bsontype',
    'then',
    'length',
  ),
);
const { json } = fc.letrec<{ json: unknown; leaf: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('json'), { maxLength: 5 }),
    fc.array(fc.tuple(keys, tie('json')), { maxLength: 6 }).map(fromPairs),
  ),
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(
      null,
      undefined,
      -0,
      Number.NaN,
      Infinity,
      Symbol('s'),
      () => 1,
      new Date(0),
      new Date(Number.NaN),
      new Map([[1, 2]]),
      new Set([1]),
      new Number(-0),
      new String('s'),
      new Boolean(false),
      /x/,
      new Error('e'),
      new Uint8Array([1, 2]),
      Buffer.from('b'),
    ),
  ),
}));
// One level down, where a toJSON may return anything.
const sessions = fc
  .array(fc.tuple(keys, json), { maxLength: 8 })
  .map((pairs) => ({ in: fromPairs(pairs) }));

// Own members, whatever their names are.
function fromPairs(pairs: [string, unknown][]): Session {
  const object = {};
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return object;
}

test('a copy is what JSON makes of the session, key order and odd keys included', () => {
  fc.assert(
    fc.property(sessions, (session) => {
      const copied = copy(session);
      expect(JSON.stringify(copied)).toBe(JSON.stringify(session));
      expect(copied).toEqual(viaJson(session));
    }),
    { numRuns: 2000 },
  );
});

describe('a copy equals JSON both ways for', () => {
  class Point {
    x = 1;
    get y() {
      return 2;
    }
  }
  class Money {
    toJSON(key: string) {
      return `money at ${key}`;
    }
  }
  // biome-ignore lint/suspicious/noSparseArray: holes become null
  const holes = [1, , 3];
  test.each<[string, Session]>([
    ['-0', { a: -0, b: [-0] }],
    ['what is not finite', { a: Number.NaN, b: [Infinity] }],
    ['a class, a getter, a toJSON', { a: new Point(), b: new Money(), c: [new Money()] }],
    [
      'a toJSON that leaves the member out',
      { a: { toJSON: () => undefined }, b: [{ toJSON: () => undefined }] },
    ],
    ['a function with a toJSON', { a: Object.assign(() => 1, { toJSON: () => 'f' }) }],
    ['boxed values', { a: new Number(1), b: new String('x'), c: new Boolean(true) }],
    ['symbols', { [Symbol('s')]: 1, a: Symbol('t'), b: [Symbol('u')] }],
    ['holes', { a: holes }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['inherited members', Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })],
    [
      'a top-level Map, Date members, errors',
      { map: new Map(), date: new Date(5), error: new Error('e') },
    ],
    ['lone surrogates in values', { a: '\ud800', b: '\udc00x' }],
    ['nested nulls', { a: null, b: [null, undefined] }],
  ])('%s', (_, session) => {
    expect(JSON.stringify(copy(session))).toBe(JSON.stringify(session));
    expect(copy(session)).toEqual(viaJson(session));
  });

  test('a session whose toJSON returns an object', () => {
    expect(copy({ toJSON: () => ({ a: 1 }) })).toEqual({ a: 1 });
  });
});

test('a member named __proto__ is a member, and pollutes nothing', async () => {
  const store = new DriverStore(new MapDriver());
  const session = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}');
  await store.write('a', session);
  const read = await store.read('a');
  expect(JSON.stringify(read)).toBe(JSON.stringify(session));
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect('admin' in {}).toBe(false);
});

test.each(['5', 'true', 'null', '"mine"', '["mine"]', '{"mine', ''])(
  '%p is no session, and the error quotes nothing of it',
  (text) => {
    expect(() => JSON_TEXT.decode(text)).toThrow(new Error('it is no JSON object'));
  },
);

test('a copy of one value is undefined where JSON leaves it out', () => {
  for (const value of [undefined, () => 1, Symbol('s')]) expect(copyValue(value)).toBeUndefined();
  expect(copyValue({ a: [1, undefined] })).toEqual({ a: [1, null] });
  expect(copyValue('text')).toBe('text');
});

test('what has a toJSON may refer to itself', () => {
  const entity: Session = { toJSON: () => 'entity' };
  entity.owner = { entity };
  expect(copy({ entity })).toEqual({ entity: 'entity' });
});

describe('rejects INVALID_SESSION and keeps the old session for', () => {
  const cycle: Session = {};
  cycle.self = [{ cycle }];
  const deep = (levels: number) => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { value };
    return { value };
  };
  test.each<[string, unknown]>([
    ['a cycle', cycle],
    ['a BigInt', { a: 1n }],
    ['a boxed BigInt', { a: Object(1n) }],
    ['an array', [1]],
    ['null', null],
    ['undefined', undefined],
    ['a string', 'text'],
    ['a number', 5],
    ['a function', () => ({})],
    ['a Date', new Date()],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('no');
        },
      },
    ],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('no');
        },
      },
    ],
    ['nesting of 1,001 levels', deep(1001)],
    ['nesting of 100,000 levels', deep(100_000)],
    ['a deep value behind a toJSON', { toJSON: () => deep(100_000) }],
  ])('%s', async (_, bad) => {
    const store = new DriverStore(new MapDriver());
    await store.write('a', { old: true });
    const refused = expect.objectContaining({
      name: 'SessionError',
      code: 'INVALID_SESSION',
      outcome: 'not-applied',
    });
    await expect(store.write('a', bad as Session)).rejects.toEqual(refused);
    if (bad !== null && bad !== undefined) {
      await expect(store.update('a', () => bad as Session)).rejects.toEqual(refused);
    }
    expect(await store.read('a')).toEqual({ old: true });
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['a symbol', Symbol('s')],
    ['an object that is no text', Object.create(null)],
    ['a RangeError without a message', Object.assign(Object.create(null), { name: 'RangeError' })],
  ])('a getter, or a toJSON, that throws %s', (_, thrown) => {
    const fail = () => {
      throw thrown;
    };
    const refused = expect.objectContaining({ code: 'INVALID_SESSION', cause: thrown });
    const getter = Object.defineProperty({}, 'a', { get: fail, enumerable: true });
    expect(() => copy(getter)).toThrow(refused);
    expect(() => copy({ a: { toJSON: fail } })).toThrow(refused);
  });

  test('a cycle that a toJSON returns, and its error names no member', () => {
    const inner: Session = { mySecretMember: {} };
    inner.mySecretMember.back = inner;
    const bad = { toJSON: () => inner };
    expect(() => JSON.stringify(bad)).toThrow(/mySecretMember/); // hence
    try {
      copy({ bad });
      throw new Error('it was copied');
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_SESSION' });
      expect('cause' in (error as Error)).toBe(false);
      expect(inspect(error, { depth: Infinity })).not.toContain('mySecretMember');
    }
  });

  test('nothing at 1,000 levels within the session', () => {
    expect(() => copy(deep(1000))).not.toThrow();
  });

  test.each<[string, unknown, string]>([
    ['an array', [1], 'a session is a JSON object'],
    ['a BigInt', { a: 1n }, 'the session holds what JSON cannot'],
    ['a cycle', cycle, 'the session refers to itself, or is nested more than 1000 deep'],
  ])('%s, and says why', (_, bad, message) => {
    const refused = expect.objectContaining({ code: 'INVALID_SESSION', message });
    expect(() => copy(bad as Session)).toThrow(refused);
  });
});

describe('the size limit', () => {
  const limit = 10_000;
  test('counts the bytes of the JSON text, exactly', () => {
    fc.assert(
      fc.property(sessions, fc.integer({ min: -3, max: 3 }), (session, more) => {
        const bytes = Buffer.byteLength(JSON.stringify(session));
        if (bytes + more <= 0) return;
        const attempt = () => copyIn(session, bytes + more);
        if (more >= 0) expect(attempt).not.toThrow();
        else expect(attempt).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
      }),
      { numRuns: 3000 },
    );
  });

  test.each<Session>([
    { left: () => 1, out: undefined },
    { date: new Date(0) },
    { boxed: new Number(5) },
    { flag: true, none: null, list: [true, null, false, undefined] },
    { list: [[], {}, ''] },
  ])('does not refuse %p, which is just small enough', (session) => {
    const bytes = Buffer.byteLength(JSON.stringify(session));
    expect(() => copyIn(session, bytes)).not.toThrow();
    expect(() => copyIn(session, bytes - 1)).toThrow(/larger/);
  });

  test.each<[string, Session]>([
    ['one long string', { a: 'x'.repeat(limit) }],
    ['text that takes three bytes a character', { a: '€'.repeat(limit / 3) }],
    ['escapes', { a: '\u0001'.repeat(limit / 6) }],
    ['many nulls', { a: Array(3000).fill(null) }],
    ['many flags', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, false]))],
    ['many numbers', { a: Array(1000).fill(-1.2345678901234567e-100) }],
  ])('refuses %s with TOO_LARGE, and the old session stays', async (_, session) => {
    const store = new DriverStore(new MapDriver(), { maxSessionBytes: limit });
    await store.write('a', { old: true });
    await expect(store.write('a', session)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(await store.read('a')).toEqual({ old: true });
  });

  test('is what V8 can hold as a text, whoever makes it', () => {
    const tooLong = { a: { toJSON: () => 'x'.repeat(2 ** 30) } };
    expect(() => copy(tooLong)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
    const other = () => {
      throw new Error('a string length of my own');
    };
    const refused = expect.objectContaining({ code: 'INVALID_SESSION' });
    expect(() => copy({ a: { toJSON: other } })).toThrow(refused);
  });

  test('stops early at a small graph that is huge as text', () => {
    let value: unknown = 'leaf';
    for (let i = 0; i < 100; i++) value = [value, value];
    expect(() => copyIn({ value }, limit)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }));
  });

  const text = 'x'.repeat(1_000_000);
  test.each<[string, Session]>([
    ['items', { list: Array(1000).fill(text) }],
    ['members', Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [n, text]))],
    ['names', { list: Array(1000).fill({ [text]: 1 }) }],
  ])('stops before V8 makes a text without end of one string in many %s', (_, session) => {
    const stringify = jest.spyOn(JSON, 'stringify').mockReturnValue('{}'); // V8 would crash
    try {
      const refused = expect.objectContaining({ code: 'TOO_LARGE' });
      expect(() => copyIn(session, limit)).toThrow(refused);
    } finally {
      stringify.mockRestore();
    }
  });

  test('lets a cycle with much text be a cycle', () => {
    const session: Session = { text: 'x'.repeat(limit) };
    session.self = session;
    const refused = expect.objectContaining({ code: 'INVALID_SESSION' });
    expect(() => copyIn(session, limit)).toThrow(refused);
  });

  test('counts nothing that JSON leaves out', () => {
    const parent: Session = { name: 'x'.repeat(limit) };
    parent.parent = parent;
    const left = { f: () => 1, s: Symbol('s'), u: undefined, ['x'.repeat(limit)]: undefined };
    const session = Object.assign(Object.create(parent), left, { text: Object('x'.repeat(9000)) });
    expect(copyIn(session, limit)).toEqual({ text: 'x'.repeat(9000) });
  });

  test('stops early at arrays of many holes', () => {
    const lists = Array.from({ length: 50 }, () => new Array(1e8)); // with these V8 would crash
    expect(() => copyIn({ lists }, 2 ** 24)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });
});

test('what is written or read is isolated from what is stored', async () => {
  const store = new DriverStore(new MapDriver());
  const mine = { list: [1], deep: { n: 1 } };
  await store.write('a', mine);
  mine.list.push(2);
  const read = (await store.read('a')) as typeof mine;
  read.deep.n = 5;
  const updated = (await store.update('a', (session) => session)) as typeof mine;
  updated.deep.n = 6;
  for (const session of await store.all()) session.list.push(3);
  expect(await store.read('a')).toEqual({ list: [1], deep: { n: 1 } });
});
