import { test } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import {
  Conversations,
  DriverStore,
  type FullSessionStore,
  type SessionStore,
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
