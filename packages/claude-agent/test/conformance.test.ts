// The cases of the suite that the SDK has for stores (examples/session-stores/shared/conformance.ts in its
// repository), on ours: all 13.
import { afterAll, describe, expect, test } from '@jest/globals';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { type TranscriptEntry, TranscriptStore } from '../src/index.ts';
import { describeStores, E, KEY } from './support.ts';

const expectEntries = (actual: TranscriptEntry[] | null, expected: TranscriptEntry[]) =>
  expect(actual).toEqual(expected);

describeStores((open) => runSessionStoreConformance(() => new TranscriptStore(open())));

describeWith(await findRedis(), { describe, test }, 'on Redis', (server) => {
  const stores: RedisSessionStore[] = [];
  afterAll(async () => {
    for (const store of stores) await store.clear();
    await Promise.all(stores.map((store) => store.close()));
    await server.stop();
  });
  runSessionStoreConformance(() => {
    const store = new RedisSessionStore(server.url, {
      prefix: server.namespace(),
      onWarning: () => {},
    });
    stores.push(store);
    return new TranscriptStore(store);
  });
});

function runSessionStoreConformance(makeStore: () => TranscriptStore): void {
  test('append then load returns same entries in same order', async () => {
    const store = makeStore();
    const entries = [E('a', { n: 1, nested: { x: [1, 2] } }), E('b', { n: 2 })];
    await store.append(KEY, entries);
    expectEntries(await store.load(KEY), entries);
  });

  test('load unknown key returns null', async () => {
    const store = makeStore();
    expect(await store.load(KEY)).toBeNull();
    expect(await store.load({ ...KEY, subpath: 'subagents/a' })).toBeNull();
  });

  test('multiple append calls preserve call order', async () => {
    const store = makeStore();
    await store.append(KEY, [E('a')]);
    await store.append(KEY, [E('b'), E('c')]);
    await store.append(KEY, [E('d')]);
    expectEntries(await store.load(KEY), [E('a'), E('b'), E('c'), E('d')]);
  });

  test('append([]) is a no-op', async () => {
    const store = makeStore();
    await store.append(KEY, []);
    expect(await store.load(KEY)).toBeNull();
    await store.append(KEY, [E('a')]);
    await store.append(KEY, []);
    expectEntries(await store.load(KEY), [E('a')]);
  });

  test('subpath keys are stored independently of main', async () => {
    const store = makeStore();
    await store.append(KEY, [E('main')]);
    await store.append({ ...KEY, subpath: 'subagents/x' }, [E('sub')]);
    expectEntries(await store.load(KEY), [E('main')]);
    expectEntries(await store.load({ ...KEY, subpath: 'subagents/x' }), [E('sub')]);
  });

  test('projectKey isolation', async () => {
    const store = makeStore();
    const A = { projectKey: 'A', sessionId: 's' };
    const B = { projectKey: 'B', sessionId: 's' };
    await store.append(A, [E('a')]);
    await store.append(B, [E('b')]);
    expectEntries(await store.load(A), [E('a')]);
    expectEntries(await store.load(B), [E('b')]);
  });

  test('listSessions returns sessionIds for project', async () => {
    const store = makeStore();
    await store.append({ projectKey: 'P', sessionId: 's1' }, [E('a')]);
    await store.append({ projectKey: 'P', sessionId: 's2' }, [E('b')]);
    await store.append({ projectKey: 'Q', sessionId: 's3' }, [E('c')]);
    const ids = (await store.listSessions('P')).map((s) => s.sessionId).sort();
    expect(ids).toEqual(['s1', 's2']);
    const r = await store.listSessions('P');
    expect(r.every((s) => s.mtime > 1e12)).toBe(true);
    expect(await store.listSessions('never-seen')).toEqual([]);
  });

  test('listSessions excludes subagent subpaths', async () => {
    const store = makeStore();
    await store.append({ projectKey: 'P', sessionId: 's1', subpath: 'subagents/x' }, [E('sub')]);
    const ids = (await store.listSessions('P')).map((s) => s.sessionId);
    expect(ids).not.toContain('s1');
  });

  test('delete main then load returns null', async () => {
    const store = makeStore();
    await store.append(KEY, [E('a')]);
    await store.delete(KEY);
    expect(await store.load(KEY)).toBeNull();
    await store.delete({ projectKey: 'x', sessionId: 'never' });
  });

  test('delete main cascades to subkeys', async () => {
    const store = makeStore();
    await store.append(KEY, [E('main')]);
    await store.append({ ...KEY, subpath: 'subagents/a' }, [E('sa')]);
    await store.append({ ...KEY, subpath: 'subagents/b' }, [E('sb')]);
    await store.append({ projectKey: 'proj', sessionId: 'other' }, [E('o')]);
    await store.append({ projectKey: 'proj2', sessionId: 'sess' }, [E('p2')]);
    await store.delete(KEY);
    expect(await store.load(KEY)).toBeNull();
    expect(await store.load({ ...KEY, subpath: 'subagents/a' })).toBeNull();
    expect(await store.load({ ...KEY, subpath: 'subagents/b' })).toBeNull();
    expectEntries(await store.load({ projectKey: 'proj', sessionId: 'other' }), [E('o')]);
    expectEntries(await store.load({ projectKey: 'proj2', sessionId: 'sess' }), [E('p2')]);
    expect(await store.listSubkeys(KEY)).toEqual([]);
  });

  test('delete with subpath removes only that subkey', async () => {
    const store = makeStore();
    await store.append(KEY, [E('main')]);
    await store.append({ ...KEY, subpath: 'subagents/a' }, [E('sa')]);
    await store.append({ ...KEY, subpath: 'subagents/b' }, [E('sb')]);
    await store.delete({ ...KEY, subpath: 'subagents/a' });
    expectEntries(await store.load(KEY), [E('main')]);
    expect(await store.load({ ...KEY, subpath: 'subagents/a' })).toBeNull();
    expectEntries(await store.load({ ...KEY, subpath: 'subagents/b' }), [E('sb')]);
  });

  test('listSubkeys returns subpaths for the session', async () => {
    const store = makeStore();
    await store.append({ ...KEY, subpath: 'subagents/a' }, [E('sa')]);
    await store.append({ ...KEY, subpath: 'subagents/b' }, [E('sb')]);
    await store.append({ projectKey: 'proj', sessionId: 'other', subpath: 'subagents/c' }, [
      E('sc'),
    ]);
    const subs = (await store.listSubkeys(KEY)).sort();
    expect(subs).toEqual(['subagents/a', 'subagents/b']);
  });

  test('listSubkeys excludes main transcript', async () => {
    const store = makeStore();
    await store.append(KEY, [E('main')]);
    expect(await store.listSubkeys(KEY)).toEqual([]);
    expect(await store.listSubkeys({ projectKey: 'x', sessionId: 'never' })).toEqual([]);
  });
}
