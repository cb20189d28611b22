import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { MemorySessionStore } from '../src/index.ts';

const MINUTE = 60_000;

test('is unbounded by default, and lives a year', async () => {
  const clock = { now: 0 };
  const store = new MemorySessionStore(undefined, { now: () => clock.now });
  for (let i = 0; i < 20_000; i++) await store.write(`id:${i}`, { i });
  expect(await store.all()).toHaveLength(20_000);
  clock.now = 525_600 * MINUTE - 1;
  expect(await store.read('id:0')).toEqual({ i: 0 });
  clock.now += 1;
  expect(await store.read('id:0')).toBeNull();
});

test('takes the lifetime in minutes as second argument', async () => {
  const store = new MemorySessionStore(10, 10 / 60);
  await store.write('a', { n: 1 });
  expect(await store.read('a')).toEqual({ n: 1 });
  expect(() => new MemorySessionStore(10, 0)).toThrow(RangeError);
});

test('the session that was used least recently goes first', async () => {
  const store = new MemorySessionStore(3);
  for (const id of ['a', 'b', 'c']) await store.write(id, { id });
  await store.read('a');
  await store.touch('b');
  await store.write('d', { id: 'd' });
  expect(await store.read('c')).toBeNull();
  expect(await store.all()).toHaveLength(3);
});

test('listing by prefix gives what begins so, and counts as no use', async () => {
  const store = new MemorySessionStore(3);
  for (const id of ['user:1:a', 'user:1:b', 'user:10']) await store.write(id, { id });
  const ids: string[] = [];
  for await (const id of store.ids({ prefix: 'user:1:' })) ids.push(id);
  for await (const [id, session] of store.entries({ prefix: 'user:1:' })) {
    expect(session).toEqual({ id });
    ids.push(id);
  }
  expect(ids.sort()).toEqual(['user:1:a', 'user:1:a', 'user:1:b', 'user:1:b']);
  await store.write('new', {});
  expect(await store.read('user:1:a')).toBeNull();
});

test('clear by prefix leaves the neighbours', async () => {
  const store = new MemorySessionStore();
  for (const id of ['user:1:a', 'user:1:b', 'user:10', 'User:1:a']) await store.write(id, { id });
  expect(await store.clear({ prefix: 'user:1:' })).toBe(2);
  expect(await store.all()).toHaveLength(2);
  for (const id of ['user:10', 'User:1:a']) expect(await store.read(id)).toEqual({ id });
  expect(await store.clear()).toBe(2);
  expect(await store.all()).toEqual([]);
});

test('a lifetime of one call holds for that call', async () => {
  const clock = { now: 0 };
  const store = new MemorySessionStore(1, { expiresIn: 60, now: () => clock.now });
  await store.write('a', { n: 1 }, { expiresIn: 1 });
  clock.now = MINUTE;
  expect(await store.read('a')).toBeNull();
  await store.write('a', { n: 2 }, { expiresIn: 1 });
  await store.touch('a');
  clock.now += 59 * MINUTE;
  expect(await store.read('a')).toEqual({ n: 2 });
});

test('the clock is what Date.now is then, not what it was when the store was made', async () => {
  const store = new MemorySessionStore(1, 1);
  await store.write('old', {});
  const { now } = Date;
  try {
    const then = now() + MINUTE;
    Date.now = () => then;
    expect(await store.read('old')).toBeNull();
    // It has freed its place, too: the driver goes by the same clock.
    await store.write('a', { n: 1 });
    expect(await store.read('a')).toEqual({ n: 1 });
  } finally {
    Date.now = now;
  }
});

test.each(['ttl', 'maxAge', 'expires', 'expiresin'])('refuses the option %s', (name) => {
  const message = `a store has no option ${name}; did you mean expiresIn, in minutes?`;
  expect(() => new MemorySessionStore(10, { [name]: 60 })).toThrow(new TypeError(message));
});

test('looking through all sessions does not count as use', async () => {
  const store = new MemorySessionStore(2);
  await store.write('a', { id: 'a' });
  await store.write('b', { id: 'b' });
  await store.all();
  await store.write('c', { id: 'c' });
  expect(await store.read('a')).toBeNull();
  expect(await store.read('b')).toEqual({ id: 'b' });
});

test('reading an expired session frees its place', async () => {
  const clock = { now: 0 };
  const store = new MemorySessionStore(2, { expiresIn: 1, now: () => clock.now });
  await store.write('old', {});
  clock.now = MINUTE / 2;
  await store.write('young', { young: true });
  clock.now = MINUTE;
  expect(await store.read('old')).toBeNull();
  await store.write('new', {});
  expect(await store.read('young')).toEqual({ young: true });
});

test('entries sees each session once while they are read and written', async () => {
  const store = new MemorySessionStore<{ n: number }>();
  for (let n = 0; n < 100; n++) await store.write(`id:${n}`, { n });
  const seen: number[] = [];
  for await (const [id, { n }] of store.entries()) {
    seen.push(n);
    await store.update(id, (session) => session);
    await store.read(`id:${(n * 7) % 100}`);
    if (n % 10 === 0) await store.destroy(id);
  }
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test.each([1e9, Number.MAX_SAFE_INTEGER])('room for %d sessions is not set aside', async (max) => {
  const store = new MemorySessionStore(max);
  await store.write('a', { n: 1 });
  expect(await store.all()).toEqual([{ n: 1 }]);
});

describe('maxBytes', () => {
  // {"x":"…"} is 8 bytes beside the text, and the id is one.
  const session = (bytes: number) => ({ x: 'y'.repeat(bytes - 9) });

  test('bounds what sessions and ids take together', async () => {
    const store = new MemorySessionStore(Infinity, { maxBytes: 300 });
    for (const id of ['a', 'b', 'c']) await store.write(id, session(100));
    expect(await store.all()).toHaveLength(3);
    await store.write('d', session(100));
    expect(await store.read('a')).toBeNull();
    expect(await store.all()).toHaveLength(3);
    await store.write('e', session(201));
    expect(await store.all()).toEqual([session(201)]);
  });

  test('goes together with max', async () => {
    const store = new MemorySessionStore(2, { maxBytes: 1000 });
    for (const id of ['a', 'b', 'c']) await store.write(id, session(100));
    expect(await store.all()).toHaveLength(2);
  });

  test('refuses a session that alone is larger, and the old one stays', async () => {
    const store = new MemorySessionStore(Infinity, { maxBytes: 100 });
    await store.write('a', session(100));
    const refused = expect.objectContaining({ code: 'TOO_LARGE', outcome: 'not-applied' });
    await expect(store.write('a', session(101))).rejects.toEqual(refused);
    await expect(store.update('a', () => session(101))).rejects.toEqual(refused);
    expect(await store.read('a')).toEqual(session(100));
  });

  test('counts bytes, not characters, of the history no more than of the first version', async () => {
    const store = new MemorySessionStore(Infinity, { maxBytes: 30 });
    await store.write('ä', { x: 'ääääää' });
    for (let i = 0; i < 20; i++) await store.update('ä', (same) => same);
    await expect(store.write('ä', { x: 'äääääääääää' })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });
});

test.each([0, -1, 1.5, Number.NaN, '5', null])('refuses a bound of %p', (bad) => {
  const bound = bad as number;
  const error = typeof bad === 'number' ? RangeError : TypeError;
  expect(() => new MemorySessionStore(bound)).toThrow(error);
  expect(() => new MemorySessionStore(1, { maxBytes: bound })).toThrow(error);
});

test('null is no lifetime', () => {
  expect(() => new MemorySessionStore(1, null as unknown as number)).toThrow(TypeError);
});

test('updates at once are each applied', async () => {
  const store = new MemorySessionStore<{ n: number }>();
  const increment = (session: { n: number } | null) => ({ n: (session?.n ?? 0) + 1 });
  await Promise.all(Array.from({ length: 500 }, () => store.update('a', increment)));
  expect(await store.read('a')).toEqual({ n: 500 });
  expect(await store.update('a', () => null)).toBeNull();
  expect(await store.all()).toEqual([]);
});

test('keeps no timer that holds up the end of the process', () => {
  const program = `
    const { MemorySessionStore } = await import('@sessions/memory');
    const store = new MemorySessionStore(10, 5);
    await store.write('a', {});
    await store.update('a', (session) => session);
    process.on('exit', () => console.log(process.getActiveResourcesInfo().includes('Timeout')));`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: import.meta.dirname, encoding: 'utf8', timeout: 20_000 },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'false\n' });
});
