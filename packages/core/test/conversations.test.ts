import { describe, expect, test } from '@jest/globals';
import {
  type Conversation,
  Conversations,
  DriverStore,
  hashId,
  type Session,
  type SessionStore,
  updateSession,
} from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const initialState = { count: 0, tags: [] as string[], nickname: null as string | null };
type CountState = typeof initialState;

function setup() {
  const records = new Map<string, string>();
  const store = new DriverStore(new MapDriver(records));
  const other = new DriverStore(new MapDriver(records));
  return { records, store, other, conversations: new Conversations(store, initialState) };
}

const increment = ({ count }: Readonly<CountState>) => ({ count: count + 1 });

test('a new conversation starts from the initial state, and is stored with what was changed', async () => {
  const { store, conversations } = setup();
  await conversations.run(
    'a',
    (conversation) => {
      expect(conversation.id).toBe('a');
      expect(conversation.session).toBeNull();
      expect(conversation.state).toEqual(initialState);
      conversation.setState({ nickname: 'Tim' });
      expect(conversation.state).toEqual({ count: 0, tags: [], nickname: 'Tim' });
    },
    { platform: 'test' },
  );
  expect(await store.read('a')).toEqual({
    id: 'a',
    platform: 'test',
    _state: { count: 0, tags: [], nickname: 'Tim' },
  });
  await conversations.run('a', ({ state, session }) => {
    expect(state.nickname).toBe('Tim');
    expect(session).toMatchObject({ platform: 'test' });
  });
});

test('run resolves with what the handler returns', async () => {
  expect(await setup().conversations.run('a', async () => 5)).toBe(5);
});

test.each<[unknown, unknown]>([
  [[], {}],
  [['a'], { 0: 'a' }],
  [{}, null],
  [null, {}],
  [{ a: 1 }, {}],
  [{}, { a: 1 }],
  [{ a: null }, { b: null }],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [[1, 2], [1]],
  [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
])('a change from %j to %j is stored', async (before, after) => {
  const { records, store } = setup();
  const conversations = new Conversations(store, {});
  await conversations.run('a', (conversation) => conversation.setState({ value: before }));
  await conversations.run('a', (conversation) => conversation.setState({ value: after }));
  expect(JSON.stringify((await store.read('a'))?._state)).toBe(JSON.stringify({ value: after }));
  const stored = records.get('a');
  await conversations.run('a', (conversation) => conversation.setState({ value: after }));
  expect(records.get('a')).toBe(stored);
});

test('a handler that changes nothing, or nothing in effect, writes nothing', async () => {
  const { records, conversations } = setup();
  await conversations.run('a', () => {});
  expect(records.size).toBe(0);
  await conversations.run('a', ({ setState }) => expect(setState).toBeInstanceOf(Function));
  await conversations.run('a', (conversation) => conversation.setState({ count: 1 }));
  const before = records.get('a');
  await conversations.run('a', (conversation) => {
    conversation.setState({ count: 2 });
    conversation.setState(({ count }) => ({ count: count - 1 }));
  });
  expect(records.get('a')).toBe(before);
});

test('a new conversation is stored once its state was set, even to what it was', async () => {
  const { store, conversations } = setup();
  await conversations.run('a', (conversation) => conversation.setState({ count: 0 }));
  expect(await store.read('a')).toEqual({ id: 'a', _state: initialState });
});

test('a handler that throws writes nothing', async () => {
  const { records, conversations } = setup();
  const error = new Error('mine');
  const run = conversations.run('a', (conversation) => {
    conversation.setState({ count: 5 });
    throw error;
  });
  await expect(run).rejects.toBe(error);
  expect(records.size).toBe(0);
});

describe('setState', () => {
  test('merges shallowly, and removes what is undefined', async () => {
    const { store, conversations } = setup();
    await conversations.run('a', (conversation) => {
      conversation.setState({ tags: ['x'] });
      conversation.setState({ count: 1, nickname: undefined } as never);
      expect(conversation.state).toStrictEqual({ count: 1, tags: ['x'] });
    });
    expect((await store.read('a'))?._state).toEqual({ count: 1, tags: ['x'] });
  });

  test('takes a copy of what it is given', async () => {
    const { store, conversations } = setup();
    await conversations.run('a', (conversation) => {
      const tags = ['x'];
      conversation.setState({ tags });
      tags.push('y');
      expect(conversation.state.tags).toEqual(['x']);
    });
    expect((await store.read('a'))?._state.tags).toEqual(['x']);
  });

  test('treats __proto__ as a member', async () => {
    const { store, conversations } = setup();
    const change = JSON.parse('{"__proto__":{"admin":true}}');
    await conversations.run('a', (conversation) => conversation.setState(change));
    const state = (await store.read('a'))?._state;
    expect(Object.keys(state)).toContain('__proto__');
    expect(state.admin).toBeUndefined();
  });

  test.each([null, 5, 'x', [1], () => null, () => 5, async () => ({}), () => undefined])(
    'throws a TypeError for %p',
    async (bad) => {
      const { records, conversations } = setup();
      const run = conversations.run('a', (conversation) => conversation.setState(bad as never));
      await expect(run).rejects.toEqual(
        new TypeError('setState takes an object, or a function that returns one at once'),
      );
      expect(records.size).toBe(0);
    },
  );

  test('rejects what JSON cannot hold where it is set', async () => {
    const { conversations } = setup();
    const run = conversations.run('a', (conversation) =>
      conversation.setState({ count: 1n as never }),
    );
    await expect(run).rejects.toMatchObject({ code: 'INVALID_SESSION' });
  });

  test('within the function of another one is a clear error, not a lost change', async () => {
    const { records, conversations } = setup();
    const run = conversations.run('a', (conversation) =>
      conversation.setState(() => {
        conversation.setState({ count: 1 });
        return { nickname: 'Tim' };
      }),
    );
    await expect(run).rejects.toThrow(TypeError);
    expect(records.size).toBe(0);
  });

  test('after the handler has finished is a clear error', async () => {
    const { store, conversations } = setup();
    let late: Conversation<CountState> | undefined;
    await conversations.run('a', (conversation) => {
      conversation.setState({ count: 1 });
      late = conversation;
    });
    expect(() => late?.setState({ count: 2 })).toThrow(/await/);
    expect(() => late?.setState(increment)).toThrow(TypeError);
    expect(() => late?.resetState()).toThrow(TypeError);
    expect(late?.state.count).toBe(1);
    expect((await store.read('a'))?._state.count).toBe(1);
  });
});

describe('the state', () => {
  test('is frozen: changing it in place is an error rather than lost', async () => {
    const { conversations } = setup();
    await conversations.run('a', (conversation) => {
      const state = conversation.state as CountState;
      expect(() => {
        state.count = 5;
      }).toThrow(TypeError);
      expect(() => state.tags.push('x')).toThrow(TypeError);
      conversation.setState({ tags: ['x'] });
      expect(() => conversation.state.tags.push('y')).toThrow(TypeError);
    });
    await conversations.run('a', ({ session, state }) => {
      expect(() => Object.assign(session as Session, { id: 'b' })).toThrow(TypeError);
      expect(() => session?._state.tags.push('z')).toThrow(TypeError);
      expect(() => state.tags.push('z')).toThrow(TypeError);
      expect(state.tags).toEqual(['x']);
    });
  });

  test('goes back to a fresh copy of the initial state', async () => {
    const mine = { list: [1] };
    const conversations = new Conversations(new DriverStore(new MapDriver())).setInitialState(mine);
    mine.list.push(2);
    await conversations.run('a', (conversation) => {
      conversation.setState({ list: [5], more: true });
      conversation.resetState();
      expect(conversation.state).toEqual({ list: [1] });
      conversation.setState({ more: 1 });
    });
    await conversations.run('a', ({ state }) => expect(state).toEqual({ list: [1], more: 1 }));
  });

  test('is the initial one in a session that has none, whose other fields stay', async () => {
    const { store, conversations } = setup();
    await store.write('a', { user: { name: 'Tim' } });
    await conversations.run('a', (conversation) => {
      expect(conversation.state).toEqual(initialState);
      conversation.setState(increment);
    });
    expect(await store.read('a')).toMatchObject({ user: { name: 'Tim' }, _state: { count: 1 } });
  });

  test.each([null, 'text', 5, [1]])(
    'that is %p in the store is corrupt, and stays',
    async (bad) => {
      const { store, conversations } = setup();
      await store.write('a', { _state: bad });
      const run = conversations.run('a', (conversation) => conversation.setState({ count: 1 }));
      await expect(run).rejects.toMatchObject({
        code: 'CORRUPT',
        message: 'the _state is no object',
        idHash: hashId('a'),
      });
      expect(await store.read('a')).toEqual({ _state: bad });
    },
  );

  test('must be an object', () => {
    const store = new DriverStore(new MapDriver());
    for (const bad of [null, 5, [], new Date()]) {
      expect(() => new Conversations(store, bad as never)).toThrow(
        new TypeError('a state is an object'),
      );
      expect(() => new Conversations(bad as never)).toThrow(/no session store.*init/);
    }
  });
});

describe('on conflict', () => {
  test('the changes are applied to the fresh state and the handler does not run again', async () => {
    const { store, other, conversations } = setup();
    let runs = 0;
    await conversations.run('a', async (conversation) => {
      runs++;
      conversation.setState(increment);
      await other.write('a', { extra: true, _state: { count: 10, tags: ['theirs'] } });
      conversation.setState({ nickname: 'Tim' });
    });
    expect(runs).toBe(1);
    expect(await store.read('a')).toEqual({
      id: 'a',
      extra: true,
      _state: { count: 11, tags: ['theirs'], nickname: 'Tim' },
    });
  });

  test('a function runs once where nobody was faster, and what it made is what is stored', async () => {
    const { store, conversations } = setup();
    let made = 0;
    for (let n = 1; n <= 2; n++) {
      const told = await conversations.run('a', (conversation) => {
        conversation.setState(() => ({ count: ++made }));
        return conversation.state.count;
      });
      expect(told).toBe(n);
      expect((await store.read('a'))?._state.count).toBe(n);
    }
  });

  test('resetState is a change like the others', async () => {
    const { store, other, conversations } = setup();
    await conversations.run('a', async (conversation) => {
      conversation.resetState();
      conversation.setState(increment);
      await other.write('a', { _state: { count: 10, nickname: 'gone' } });
    });
    expect((await store.read('a'))?._state).toEqual({ ...initialState, count: 1 });
  });

  test('two processes count exactly', async () => {
    const { store, other, conversations } = setup();
    const others = new Conversations(other, initialState);
    const run = (which: Conversations<CountState>) =>
      which.run('a', async (conversation) => {
        await new Promise(setImmediate);
        conversation.setState(increment);
      });
    await Promise.all(Array.from({ length: 100 }, (_, i) => run(i % 2 ? conversations : others)));
    expect((await store.read('a'))?._state.count).toBe(100);
  });
});

test('handlers of one conversation run in order, those of others meanwhile', async () => {
  const { conversations } = setup();
  const events: string[] = [];
  const handler = (name: string) => async () => {
    events.push(`${name} starts`);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    events.push(`${name} ends`);
  };
  await Promise.all([
    conversations.run('a', handler('a1')),
    conversations.run('a', handler('a2')),
    conversations.run('b', handler('b')),
  ]);
  expect(events.filter((event) => event.startsWith('a'))).toEqual([
    'a1 starts',
    'a1 ends',
    'a2 starts',
    'a2 ends',
  ]);
  expect(events.indexOf('b starts')).toBeLessThan(events.indexOf('a2 starts'));
});

test('a store that cannot be read, or written, is the error of run: never a fresh state in its place', async () => {
  const driver = new MapDriver();
  const down = () => Promise.reject(new Error('down'));
  const conversations = new Conversations(
    new DriverStore(Object.assign(driver, { get: down }), { timeout: 50 }),
  );
  let runs = 0;
  await expect(
    conversations.run('a', () => {
      runs++;
    }),
  ).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(runs).toBe(0);

  const unwritable = new Conversations(
    new DriverStore(Object.assign(new MapDriver(), { put: down }), { timeout: 50 }),
  );
  const run = unwritable.run('a', (conversation) => conversation.setState({ n: 1 }));
  await expect(run).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
});

test('a bad id is refused before anything else', async () => {
  await expect(setup().conversations.run('', () => {})).rejects.toMatchObject({
    code: 'INVALID_ID',
  });
});

describe('with a store of five methods, written by hand,', () => {
  class HandWrittenStore implements SessionStore {
    readonly sessions = new Map<string, Session>();
    inits = 0;
    async init() {
      if (this.inits++ === 0) throw new Error('not yet');
      return this;
    }
    async read(id: string) {
      await new Promise(setImmediate);
      return this.sessions.get(id) ?? null;
    }
    async write(id: string, session: Session) {
      await new Promise(setImmediate);
      this.sessions.set(id, session);
    }
    async destroy(id: string) {
      this.sessions.delete(id);
    }
    async all() {
      return [...this.sessions.values()];
    }
  }

  test('init is called before the first use, and again after it failed', async () => {
    const store = new HandWrittenStore();
    const conversations = new Conversations(store, initialState);
    await expect(conversations.run('a', () => {})).rejects.toThrow('not yet');
    await Promise.all([conversations.run('a', () => {}), conversations.run('b', () => {})]);
    expect(store.inits).toBe(2);
  });

  test('no change of this process is lost, not even between two helpers', async () => {
    const store = new HandWrittenStore();
    store.inits = 1;
    const both = [new Conversations(store, initialState), new Conversations(store, initialState)];
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        both[i % 2]?.run('a', async (conversation) => {
          await new Promise(setImmediate);
          conversation.setState(increment);
        }),
      ),
    );
    expect(store.sessions.get('a')).toEqual({ id: 'a', _state: { ...initialState, count: 50 } });
  });

  test('nothing but null and undefined is read as "no session"', async () => {
    const store = new HandWrittenStore();
    store.inits = 1;
    const conversations = new Conversations(store, initialState);
    for (const nothing of [null, undefined]) {
      store.read = async () => nothing as null;
      await conversations.run('a', ({ session }) => expect(session).toBeNull());
    }
    for (const bad of ['', 0, false, 'text', [1]]) {
      store.read = async () => bad as never;
      await expect(conversations.run('a', () => {})).rejects.toMatchObject({
        code: 'INVALID_SESSION',
      });
      await expect(updateSession(store, 'a', () => ({}))).rejects.toMatchObject({
        code: 'INVALID_SESSION',
      });
    }
  });

  test('init may answer at once', async () => {
    const store = Object.assign(new HandWrittenStore(), { init: () => undefined as never });
    expect(await new Conversations(store).run('a', () => 5)).toBe(5);
  });

  test('what it keeps is neither frozen nor changed in place', async () => {
    const store = new HandWrittenStore();
    store.inits = 1;
    const mine = { _state: { count: 1, tags: ['x'] } };
    store.sessions.set('a', mine);
    const conversations = new Conversations(store, initialState);
    await conversations.run('a', (conversation) => conversation.setState({ count: 2 }));
    mine._state.tags.push('y');
    expect(mine).toEqual({ _state: { count: 1, tags: ['x', 'y'] } });
  });
});
