import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import type { Session } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { Cookie, type SessionData } from 'express-session';
import { ExpressStore } from '../src/index.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A store whose clock can be set on, and promises in place of its callbacks. */
function setup(expiresIn = 60) {
  const clock = { ahead: 0 };
  const sessions = new MemorySessionStore(Infinity, {
    expiresIn,
    now: () => Date.now() + clock.ahead,
  });
  const store = new ExpressStore(sessions);
  const call = (method: unknown) => {
    const promised = promisify(method as (callback: () => void) => void);
    return (...args: unknown[]): Promise<unknown> => promised.apply(store, args as []);
  };
  return {
    clock,
    sessions,
    store,
    get: call(store.get),
    set: call(store.set),
    touch: call(store.touch),
    destroy: call(store.destroy),
    all: call(store.all),
    length: call(store.length),
    clear: call(store.clear),
  };
}

function withCookie(maxAge: number | null, more: Session = {}): SessionData {
  const cookie = new Cookie();
  if (maxAge !== null) cookie.maxAge = maxAge;
  return { ...more, cookie } as unknown as SessionData;
}

const stored = (session: SessionData) => JSON.parse(JSON.stringify(session));

test('what is set is got, as JSON has it, and gone when it is destroyed', async () => {
  const { get, set, destroy } = setup();
  expect(await get('a')).toBeNull();
  const session = withCookie(MINUTE, { user: 'Tim', at: new Date(0) });
  await set('a', session);
  expect(await get('a')).toEqual(stored(session));
  await destroy('a');
  await destroy('a');
  expect(await get('a')).toBeNull();
});

test('what is set again, after it was destroyed, by who has not loaded it, is there', async () => {
  const { get, set, destroy } = setup();
  const session = withCookie(null);
  await set('a', session);
  await destroy('a');
  await set('a', session);
  expect(await get('a')).toEqual(stored(session));
});

test('what was got or set is changed later, and nothing stored changes', async () => {
  const { get, set } = setup();
  const session = withCookie(null, { cart: ['tea'] }) as SessionData & { cart: string[] };
  await set('a', session);
  session.cart.push('cup');
  const got = (await get('a')) as typeof session;
  got.cart.push('pot');
  expect(await get('a')).toMatchObject({ cart: ['tea'] });
});

test('all is an array of sessions with their ids; length counts, clear removes', async () => {
  const { set, all, length, clear } = setup();
  expect([await all(), await length()]).toEqual([[], 0]);
  const [one, two] = [withCookie(null, { user: 'Tim' }), withCookie(MINUTE)];
  await set('a', one);
  await set('b', two);
  const sessions = (await all()) as { id: string }[];
  expect(sessions.toSorted((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
    { ...stored(one), id: 'a' },
    { ...stored(two), id: 'b' },
  ]);
  expect(await length()).toBe(2);
  await clear();
  expect([await all(), await length()]).toEqual([[], 0]);
});

test('a thousand sessions are counted and cleared', async () => {
  const { set, length, clear } = setup();
  const ids = Array.from({ length: 1000 }, (_, i) => `id${i}`);
  await Promise.all(ids.map((id) => set(id, withCookie(MINUTE))));
  expect(await length()).toBe(1000);
  await clear();
  expect(await length()).toBe(0);
});

test('a session lives as long as its cookie, longer than the store says or shorter', async () => {
  const { clock, get, set, length } = setup(60);
  await set('week', withCookie(7 * DAY));
  await set('minute', withCookie(MINUTE));
  clock.ahead = MINUTE - 1000;
  expect(await get('minute')).not.toBeNull();
  clock.ahead = MINUTE;
  expect(await get('minute')).toBeNull();
  clock.ahead = 7 * DAY - 1000;
  expect(await get('week')).not.toBeNull();
  clock.ahead = 7 * DAY;
  expect(await get('week')).toBeNull();
  expect(await length()).toBe(0);
});

test('with a cookie that ends with the browser, or none, a session lives as the store says', async () => {
  const { clock, get, set } = setup(60);
  await set('a', withCookie(null));
  await set('b', { user: 'Tim' } as unknown as SessionData);
  await set('c', { cookie: { originalMaxAge: null, expires: false } } as unknown as SessionData);
  await set('d', withCookie(Number.NaN));
  clock.ahead = 60 * MINUTE - 1000;
  for (const id of ['a', 'b', 'c', 'd']) expect(await get(id)).not.toBeNull();
  clock.ahead = 60 * MINUTE;
  for (const id of ['a', 'b', 'c', 'd']) expect(await get(id)).toBeNull();
});

test('the end of a cookie may be text, as in what was got', async () => {
  const { clock, get, set } = setup(60);
  await set('a', stored(withCookie(7 * DAY)));
  clock.ahead = 7 * DAY - 1000;
  expect(await get('a')).not.toBeNull();
  clock.ahead = 7 * DAY;
  expect(await get('a')).toBeNull();
});

test('a cookie that is over ends the session, by set and by touch', async () => {
  const { get, set, touch, length } = setup();
  await set('a', withCookie(MINUTE));
  await set('a', withCookie(-1));
  await set('b', withCookie(MINUTE));
  await touch('b', withCookie(-1));
  expect(await get('a')).toBeNull();
  expect(await length()).toBe(0);
});

test('touch renews with the lifetime of the cookie, and changes nothing else', async () => {
  const { clock, get, set, touch } = setup(60);
  await set('a', withCookie(MINUTE, { user: 'Tim' }));
  const later = withCookie(7 * DAY, { user: 'Eve' });
  await touch('a', later);
  expect(await get('a')).toEqual({ user: 'Tim', cookie: stored(later).cookie });
  clock.ahead = 7 * DAY - 1000;
  expect(await get('a')).not.toBeNull();
  await touch('a', withCookie(null));
  clock.ahead += 60 * MINUTE - 1000;
  expect(await get('a')).not.toBeNull();
  clock.ahead += 1000;
  expect(await get('a')).toBeNull();
});

test('touch creates nothing', async () => {
  const { get, touch } = setup();
  await touch('a', withCookie(MINUTE));
  expect(await get('a')).toBeNull();
});

test.each(['', 'x'.repeat(1025), '\ud800'])('an id that no store takes is an error', async (id) => {
  const { get, set, touch, destroy } = setup();
  const session = withCookie(null);
  for (const call of [get(id), set(id, session), touch(id, session), destroy(id)]) {
    await expect(call).rejects.toMatchObject({ code: 'INVALID_ID' });
  }
});

test('what a store refuses is an error, and the old session stays', async () => {
  const { get, set } = setup();
  await set('a', withCookie(null, { n: 1 }));
  await expect(set('a', withCookie(null, { n: 2n }))).rejects.toThrow();
  expect(await get('a')).toMatchObject({ n: 1 });
});

test('every method tells its callback of an error', async () => {
  const { sessions, get, set, touch, destroy, all, length, clear } = setup();
  await sessions.close();
  const session = withCookie(MINUTE);
  const calls = [get('a'), set('a', session), touch('a', session), destroy('a')];
  for (const call of [...calls, all(), length(), clear()]) {
    await expect(call).rejects.toMatchObject({ name: 'SessionError', code: 'CLOSED' });
  }
});

test('without a callback an error is an event, and success is none', async () => {
  const { sessions, store } = setup();
  const errors: unknown[] = [];
  store.on('error', (error) => errors.push(error));
  store.set('a', withCookie(null));
  store.touch('a', withCookie(null));
  store.destroy('a');
  store.clear();
  await new Promise((resolve) => store.length(resolve));
  expect(await sessions.all()).toEqual([]);
  await sessions.close();
  store.destroy('b');
  await new Promise((resolve) => store.get('c', resolve));
  expect(errors).toMatchObject([{ code: 'CLOSED' }]);
});

test('takes no store of five methods', () => {
  const { init, read, write, destroy, all } = new MemorySessionStore();
  expect(() => new ExpressStore({ init, read, write, destroy, all } as never)).toThrow(TypeError);
  expect(() => new ExpressStore(undefined as never)).toThrow(TypeError);
});
