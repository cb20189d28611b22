import { describe, expect, test } from '@jest/globals';
import { type applyPut, DriverStore, SessionError, type SessionStore } from '@sessions/core';
import type { Backend } from '../src/index.ts';
import { MapStore } from './fixtures/map-store.ts';
import { type Away, Server, ServerDriver } from './fixtures/server.ts';
import { CLUSTER, type Declared, declared, MEMORY, serverBackend } from './fixtures/trials.ts';

const minimal = (backend: () => Backend): Declared[] => declared({ backend });
const full = (backend: () => Backend): Declared[] => declared({ capabilities: CLUSTER, backend });

function find(tests: Declared[], text: string): Declared {
  const found = tests.find((each) => each.text === text);
  if (!found) throw new Error(`no test is called ${text}`);
  return found;
}

const SETTLES = 'while the backend is away every operation settles in time, truly or as an error';

describe('which tests are declared', () => {
  const chapters = (capabilities: typeof CLUSTER) =>
    new Set(declared({ capabilities, backend: serverBackend }).map(({ chapter }) => chapter));

  test('names are unique', () => {
    const texts = full(serverBackend).map(({ text }) => text);
    expect(texts).toEqual([...new Set(texts)]);
  });

  test('a higher level has all tests of a lower one', () => {
    const levels = [
      declared({ backend: serverBackend }),
      declared({ capabilities: MEMORY, backend: serverBackend }),
      declared({
        capabilities: { compareAndSet: 'host', survives: 'process-crash' },
        backend: serverBackend,
      }),
      full(serverBackend),
    ].map((tests) => tests.map(({ text }) => text));
    for (const [n, texts] of levels.slice(1).entries()) {
      // At a distance there is more: a call that settles has to reject.
      const lower = levels[n]?.filter((text) => text !== SETTLES) ?? [];
      expect(texts).toEqual(expect.arrayContaining(lower));
      expect(texts.length).toBeGreaterThan(lower.length);
    }
  });

  test('a store of one process is asked for no other, and not to go away', () => {
    for (const chapter of ['several processes', 'a backend that is away']) {
      expect(chapters({ ...MEMORY, survives: 'power-loss' })).not.toContain(chapter);
      expect(chapters({ ...MEMORY, compareAndSet: 'host' })).toContain(chapter);
      expect(chapters(CLUSTER)).toContain(chapter);
    }
  });

  test('a store that survives nothing is asked for no corrupt record', () => {
    expect(chapters({ ...CLUSTER, survives: 'nothing' })).not.toContain('corrupt records');
    expect(chapters({ ...MEMORY, survives: 'process-crash' })).toContain('corrupt records');
  });
});

describe('a server that may apply a command late', () => {
  const LATE = 'a write that was given up does not overwrite a later one';
  const LATE_UPDATE = 'an update that was given up does not overwrite a later write';

  class TimelessDriver extends ServerDriver {
    override put(...[id, record, expected]: Parameters<ServerDriver['put']>): Promise<boolean> {
      return super.put(id, record, expected);
    }
    override delete(...[id, expected]: Parameters<ServerDriver['delete']>): Promise<boolean> {
      return super.delete(id, expected);
    }
  }
  const tests = (away: Away) =>
    full(() => serverBackend((server) => new TimelessDriver(server), undefined, away));

  test('fails, and is told when the command came', async () => {
    await expect(find(tests('held'), LATE).run()).rejects.toThrow(
      'a session written after a call that was given up, which the backend received after that: ' +
        'a command should carry its deadline, or the etag that it expects: ' +
        'expected the key "new", got none',
    );
  });

  test('compares etags in any case', () => find(tests('held'), LATE_UPDATE).run());

  for (const away of ['down', 'frozen', 'mute'] as const) {
    test(`passes where nothing can come late: ${away}`, async () => {
      for (const text of [LATE, LATE_UPDATE]) await find(tests(away), text).run();
    });
  }
});

test('a driver need not look at what is in a session, until it replaces it', async () => {
  class TrustingDriver extends ServerDriver {
    protected override decide(...[current, ...rest]: Parameters<typeof applyPut<string>>) {
      if (current?.session.endsWith('cut')) throw new SessionError('CORRUPT', 'it is cut');
      return super.decide(current, ...rest);
    }
  }
  const tests = full(() => {
    const server = new Server();
    const cut = (text = '') => JSON.stringify({ ...JSON.parse(text), session: '{"cut' });
    return {
      ...serverBackend(() => new TrustingDriver(server)),
      corrupt: (id) => void server.texts.set(id, cut(server.texts.get(id))),
    };
  });
  await find(tests, 'put replaces no corrupt record, whatever it expects').run();
});

describe('a kit that lacks something fails', () => {
  for (const [member, text] of Object.entries({
    driver: 'get answers null for an absent record',
    elsewhere: 'a process ends once its store is closed',
    corrupt: 'destroy removes a corrupt record',
    interrupt: 'init may be called again after it failed',
  })) {
    test(member, async () => {
      const tests = full(() => ({ ...serverBackend(), [member]: undefined }));
      await expect(find(tests, text).run()).rejects.toThrow(`the kit needs \`${member}\`, which`);
    });
  }

  test('the right level: five methods certified as full', async () => {
    const tests = full(() => ({ open: () => new MapStore() }));
    const { run } = find(tests, 'the store is what it is certified as');
    await expect(run()).rejects.toThrow('the store has no method update');
  });

  test('the right level: a full store certified for five methods', async () => {
    const tests = minimal(serverBackend);
    const { run } = find(tests, 'the store is what it is certified as');
    await expect(run()).rejects.toThrow('give its `capabilities` to `certify`');
  });
});

describe('after each test', () => {
  const text = 'a destroyed session is gone';

  type StoreClass = new (...args: ConstructorParameters<typeof DriverStore>) => SessionStore;

  function recorded(Store: StoreClass, events: string[]): () => Backend {
    return () => {
      events.push('made');
      const backend = serverBackend(undefined, (driver, options) => {
        const store = new Store(driver, options);
        return Object.assign(store, {
          close: async () => {
            await DriverStore.prototype.close.call(store as DriverStore);
            events.push('closed');
          },
        });
      });
      return { ...backend, dispose: () => void events.push('disposed') };
    };
  }

  test('the stores are closed, and then the backend is disposed of', async () => {
    const events: string[] = [];
    await find(full(recorded(DriverStore, events)), text).run();
    expect(events).toEqual(['made', 'closed', 'disposed']);
  });

  test('also when the test failed, and that failure is shown', async () => {
    const events: string[] = [];
    class Broken extends DriverStore {
      override async destroy(): Promise<void> {}
    }
    const { run } = find(full(recorded(Broken, events)), text);
    await expect(run()).rejects.toThrow('read of a destroyed session: expected null, got {"n":1}');
    expect(events).toEqual(['made', 'closed', 'disposed']);
  });

  test('a store that cannot be closed fails', async () => {
    const tests = full(() =>
      serverBackend(undefined, (driver, options) =>
        Object.assign(new DriverStore(driver, options), {
          close: () => Promise.reject(new Error('cannot close')),
        }),
      ),
    );
    await expect(find(tests, text).run()).rejects.toThrow('cannot close');
  });

  test('a backend that cannot be made fails', async () => {
    const tests = full(() => {
      throw new Error('no such server');
    });
    await expect(find(tests, text).run()).rejects.toThrow('no such server');
  });
});
