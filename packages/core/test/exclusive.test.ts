import { describe, expect, jest, test } from '@jest/globals';
import {
  type Conversation,
  Conversations,
  DriverStore,
  type Exclusive,
  KeyedMutex,
  type Session,
  type SessionStore,
} from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const initialState = { count: 0, tags: [] as string[] };

/** What leases of several processes do, in one: turns by id, and a signal that can be aborted. */
function setup() {
  const records = new Map<string, string>();
  const store = new DriverStore(new MapDriver(records));
  const other = new DriverStore(new MapDriver(records));
  const leases = new KeyedMutex();
  let controller = new AbortController();
  const exclusive: Exclusive = (id, run) =>
    leases.run(id, () => {
      controller = new AbortController();
      return run({ signal: controller.signal });
    });
  const lose = () => controller.abort(new Error('the lease was lost'));
  const [mine, theirs] = [store, other].map(
    (each) => new Conversations(each, initialState, { exclusive }),
  ) as [Conversations<typeof initialState>, Conversations<typeof initialState>];
  return { records, store, other, mine, theirs, lose };
}

const increment = (conversation: Conversation<typeof initialState>) =>
  conversation.setState({ count: conversation.state.count + 1 });

test('handlers of one conversation run one after another over processes, and count exactly', async () => {
  const { store, mine, theirs } = setup();
  let running = 0;
  const handler = async (conversation: Conversation<typeof initialState>) => {
    expect(++running).toBe(1);
    await new Promise(setImmediate);
    increment(conversation); // an object, made of what was read
    running--;
    return conversation.state.count;
  };
  const runs = Array.from({ length: 40 }, (_, i) => (i % 2 ? mine : theirs).run('a', handler));
  const counts = await Promise.all(runs);
  expect(new Set(counts).size).toBe(40);
  expect(await store.read('a')).toEqual({ id: 'a', _state: { count: 40, tags: [] } });
});

test('what is stored has the id, the fields and the members that were there', async () => {
  const { store, mine } = setup();
  await store.write('a', { user: 'Tim', platform: 'old' });
  await mine.run('a', increment, { platform: 'new' });
  expect(await store.read('a')).toEqual({
    id: 'a',
    user: 'Tim',
    platform: 'new',
    _state: { count: 1, tags: [] },
  });
});

test('the conversation has the signal of the lease, which aborts when it is lost', async () => {
  const { mine, lose } = setup();
  const reason = await mine.run('a', ({ signal }) => {
    expect(signal.aborted).toBe(false);
    lose();
    expect(signal.aborted).toBe(true);
    return signal.reason;
  });
  expect(reason).toEqual(new Error('the lease was lost'));
});

test('a mutex will do where there is no signal', async () => {
  const { store } = setup();
  const mutex = new KeyedMutex();
  const exclusive: Exclusive = (id, run) => mutex.run(id, run);
  await new Conversations(store, initialState, { exclusive }).run('a', (conversation) => {
    expect(conversation.signal.aborted).toBe(false);
    increment(conversation);
  });
  expect(await store.read('a')).toMatchObject({ _state: { count: 1 } });
});

test('without exclusive the conversation has a signal that never aborts', async () => {
  const { store } = setup();
  await new Conversations(store).run('a', ({ signal }) => {
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(signal.aborted).toBe(false);
  });
});

describe('a handler whose lease was lost', () => {
  const conflict = expect.objectContaining({ code: 'CONFLICT', outcome: 'not-applied' });

  test.each<[string, (store: DriverStore) => Promise<unknown>, Session | null]>([
    ['changed', (store) => store.write('a', { theirs: true }), { theirs: true }],
    ['destroyed', (store) => store.destroy('a'), null],
    [
      'destroyed and created again with the same state',
      async (store) => {
        const session = (await store.read('a')) as Session;
        await store.destroy('a');
        await store.write('a', session);
      },
      { _state: { count: 5 } },
    ],
    ['touched', (store) => store.touch('a'), { _state: { count: 5 } }],
  ])('rejects with CONFLICT when the session was %s meanwhile', async (_, meanwhile, left) => {
    const { store, other, mine } = setup();
    await store.write('a', { _state: { count: 5 } });
    const run = mine.run('a', async (conversation) => {
      increment(conversation);
      await meanwhile(other);
    });
    await expect(run).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual(left);
  });

  test('rejects with CONFLICT when the session was created meanwhile', async () => {
    const { store, other, mine } = setup();
    const run = mine.run('a', async (conversation) => {
      increment(conversation);
      await other.write('a', { theirs: true });
    });
    await expect(run).rejects.toEqual(conflict);
    expect(await store.read('a')).toEqual({ theirs: true });
  });

  test('succeeds when it changed nothing, or nobody else did', async () => {
    const { store, other, mine, lose } = setup();
    await store.write('a', { _state: { count: 5 } });
    const read = async (conversation: Conversation<typeof initialState>) => {
      await other.write('a', { _state: { count: 6 } });
      return conversation.state.count;
    };
    expect(await mine.run('a', read)).toBe(5);
    expect(await store.read('a')).toEqual({ _state: { count: 6 } });
    await mine.run('a', (conversation) => {
      lose();
      increment(conversation);
    });
    expect(await store.read('a')).toMatchObject({ _state: { count: 7 } });
  });
});

test('a function given to setState runs once, and what it made is what is stored', async () => {
  const { store, mine } = setup();
  let runs = 0;
  await mine.run('a', (conversation) => conversation.setState(() => ({ count: ++runs })));
  expect(runs).toBe(1);
  expect(await store.read('a')).toMatchObject({ _state: { count: 1 } });
});

test('a handler that throws, changes nothing, or sets what is there writes nothing', async () => {
  const { records, mine } = setup();
  const run = mine.run('a', (conversation) => {
    increment(conversation);
    throw new Error('mine');
  });
  await expect(run).rejects.toEqual(new Error('mine'));
  await mine.run('a', () => {});
  expect(records.size).toBe(0);
  await mine.run('a', increment);
  const before = records.get('a');
  await mine.run('a', (conversation) => conversation.setState({ count: 1 }));
  expect(records.get('a')).toBe(before);
});

test('a lease that is not given is the error of run, and the handler does not run', async () => {
  const { store } = setup();
  const exclusive: Exclusive = () => Promise.reject(new Error('no lease'));
  const handler = jest.fn();
  const conversations = new Conversations(store, {}, { exclusive });
  await expect(conversations.run('a', handler)).rejects.toEqual(new Error('no lease'));
  expect(handler).not.toHaveBeenCalled();
});

test('a lease is asked for by the id, once the store is ready, in turn, and given back when all is stored', async () => {
  const events: string[] = [];
  const driver = Object.assign(new MapDriver(), { open: () => void events.push('open') });
  const put = driver.put.bind(driver);
  driver.put = async (...args) => {
    events.push('put');
    return put(...args);
  };
  const exclusive: Exclusive = async (id, run) => {
    events.push(`${id} taken`);
    const result = await run(new AbortController());
    events.push(`${id} given back`);
    return result;
  };
  const conversations = new Conversations(new DriverStore(driver), initialState, { exclusive });
  await Promise.all([conversations.run('a', increment), conversations.run('a', increment)]);
  expect(events).toEqual([
    'open',
    ...['a taken', 'put', 'a given back'],
    ...['a taken', 'put', 'a given back'],
  ]);
});

test('exclusive must be a function, and needs a store with versions', async () => {
  const { store } = setup();
  for (const bad of [null, 5, {}, 'text']) {
    expect(() => new Conversations(store, {}, { exclusive: bad as never })).toThrow(
      new TypeError('exclusive must be a function'),
    );
  }
  const five: SessionStore = {
    async init() {
      return this;
    },
    read: async () => null,
    write: async () => {},
    destroy: async () => {},
    all: async () => [],
  };
  const exclusive: Exclusive = (_, run) => run(new AbortController());
  expect(() => new Conversations(five, {}, { exclusive })).toThrow(
    new TypeError('this is no session store: it has no method readVersion'),
  );
  expect(await new Conversations(five, {}, { exclusive: undefined }).run('a', () => 5)).toBe(5);
});
