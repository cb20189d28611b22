import { expect, test } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import {
  Conversations,
  copy,
  DriverStore,
  type FullSessionStore,
  KEEP,
  type Session,
  type SessionStore,
  type Version,
} from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

interface CartSession {
  items: string[];
  paid?: boolean;
}

test('a store is typed by its session, which may be an interface', async () => {
  const store: SessionStore<CartSession> = new DriverStore<CartSession>(new MapDriver());
  await store.write('a', { items: [] });
  expectTypeOf(await store.read('a')).toEqualTypeOf<CartSession | null>();
  expectTypeOf(await store.all()).toEqualTypeOf<CartSession[]>();
  // @ts-expect-error -- not a CartSession
  await store.write('a', { item: [] });
  const full: FullSessionStore<CartSession> = new DriverStore<CartSession>(new MapDriver());
  expectTypeOf(full.update).parameter(1).parameter(0).toEqualTypeOf<CartSession | null>();
  // @ts-expect-error -- a change must return a session, or null
  await full.update('a', () => undefined).catch(() => {});
});

test('a store of any sessions passes for one of certain sessions', async () => {
  const untyped = new DriverStore(new MapDriver());
  const carts: FullSessionStore<CartSession> = untyped;
  await carts.write('a', { items: [] });
  expectTypeOf(await carts.read('a')).toEqualTypeOf<CartSession | null>();
  expectTypeOf(await untyped.read('a')).toEqualTypeOf<Session | null>();
  expectTypeOf(await carts.readVersion('a')).toEqualTypeOf<Version<CartSession> | null>();
  for await (const [, { session }] of carts.versions()) {
    expectTypeOf(session).toEqualTypeOf<CartSession>();
  }
  for await (const [, session] of carts.entries())
    expectTypeOf(session).toEqualTypeOf<CartSession>();
  // @ts-expect-error -- not a CartSession
  await carts.write('a', { item: [] });
  const numbers = new DriverStore<{ value: number }>(new MapDriver());
  // @ts-expect-error -- a store of other sessions
  const wrong: FullSessionStore<CartSession> = numbers;
  // @ts-expect-error -- here too
  expect(await copy(numbers, carts)).toEqual({ copied: 0, kept: 0 });
  expect(await copy(carts, untyped)).toMatchObject({ copied: 0, kept: 1 });
  void wrong;
});

test('a change returns a session, null or KEEP', async () => {
  const store = new DriverStore<CartSession>(new MapDriver());
  expect(await store.update('a', (cart) => cart ?? KEEP)).toBeNull();
  expect(await store.update('a', async (cart) => (cart ? null : KEEP))).toBeNull();
  expectTypeOf(store.update('a', () => KEEP)).resolves.toEqualTypeOf<CartSession | null>();
  // @ts-expect-error -- not a CartSession
  await store.update('a', () => ({ item: [] }));
});

test('the options of a call are those that it knows, and ifMatch is never undefined', async () => {
  const store = new DriverStore<CartSession>(new MapDriver());
  const etag: string | undefined = (await store.readVersion('a'))?.etag;
  // @ts-expect-error -- it may be undefined
  await expect(store.destroy('a', { ifMatch: etag })).rejects.toThrow(TypeError);
  // @ts-expect-error -- unknown
  await expect(store.touch('a', { ttl: 5 })).rejects.toThrow(TypeError);
  // @ts-expect-error -- of write and destroy alone
  await expect(store.update('a', () => null, { ifMatch: null })).rejects.toThrow(TypeError);
  await store.write('a', { items: [] }, { ifMatch: null, expiresIn: undefined });
});

test('the state is typed by the initial state', async () => {
  const store = new DriverStore(new MapDriver());
  const conversations = new Conversations(store, {
    asking: false,
    nickname: null as string | null,
  });
  await conversations.run('a', (conversation) => {
    expectTypeOf(conversation.state.nickname).toEqualTypeOf<string | null>();
    conversation.setState({ nickname: 'Tim' });
    conversation.setState((state) => ({ asking: !state.asking }));
    // @ts-expect-error -- there is no such member
    conversation.setState({ nicknames: 'Tim' });
    // @ts-expect-error -- not a string
    conversation.setState({ nickname: 5 });
    // @ts-expect-error -- not a boolean
    conversation.setState(() => ({ asking: 'yes' }));
    const assign = () => {
      // @ts-expect-error -- the state is set by setState
      conversation.state.asking = true;
    };
    expectTypeOf(assign).toBeFunction();
  });
});

test('a member that may be absent can be removed, and no other', async () => {
  interface Cart {
    count: number;
    coupon?: string;
  }
  const conversations = new Conversations<Cart>(new DriverStore(new MapDriver()), { count: 0 });
  await conversations.run('a', (conversation) => {
    conversation.setState({ coupon: 'spring' });
    conversation.setState({ coupon: undefined });
    conversation.setState(({ count }) => ({ count: count + 1, coupon: undefined }));
    // @ts-expect-error -- it is always there
    conversation.setState({ count: undefined });
  });
});

test('without an initial state anything goes', async () => {
  const conversations = new Conversations(new DriverStore(new MapDriver()));
  conversations.setInitialState({ asking: false, nickname: null });
  await conversations.run('a', (conversation) => {
    conversation.setState({ nickname: 'Tim' });
    expectTypeOf(conversation.state.nickname).toBeAny();
  });
});
