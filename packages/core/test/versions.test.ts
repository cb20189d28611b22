import { describe, expect, test } from '@jest/globals';
import { listed } from '../../../tooling/calls.ts';
import { DriverStore, hashId, type Version } from '../src/index.ts';
import { MapDriver } from './map-driver.ts';

const MINUTE = 60_000;

function setup(expiresIn = 1) {
  const clock = { now: 0 };
  const map = new MapDriver();
  const warnings: Error[] = [];
  const store = new DriverStore<{ n: number }>(map, {
    expiresIn,
    now: () => clock.now,
    onWarning: (warning) => warnings.push(warning),
  });
  const etag = async (id: string) => (await store.readVersion(id))?.etag;
  return { clock, map, store, etag, warnings };
}

describe('readVersion', () => {
  test('gives the session, its etag and its expiry, and nothing else', async () => {
    const { map, store } = setup();
    await store.write('a', { n: 1 });
    expect(await store.readVersion('a')).toEqual({
      session: { n: 1 },
      etag: map.peek('a')?.etag,
      expiresAt: MINUTE,
    });
  });

  test('has null as the expiry of a session that never expires', async () => {
    const { store } = setup(Infinity);
    await store.write('a', { n: 1 });
    expect(await store.readVersion('a')).toMatchObject({ session: { n: 1 }, expiresAt: null });
  });

  test('is null for a session that is absent, destroyed or expired', async () => {
    const { clock, store } = setup();
    expect(await store.readVersion('a')).toBeNull();
    await store.write('a', { n: 1 });
    clock.now = MINUTE;
    expect(await store.readVersion('a')).toBeNull();
    await store.write('a', { n: 1 });
    await store.destroy('a');
    expect(await store.readVersion('a')).toBeNull();
  });

  test('names another version after each write, update and touch, and the same one meanwhile', async () => {
    const { store, etag } = setup();
    const etags: unknown[] = [];
    for (const change of [
      () => store.write('a', { n: 1 }),
      () => store.write('a', { n: 1 }),
      () => store.update('a', (session) => session),
      () => store.touch('a'),
    ]) {
      await change();
      await store.read('a');
      etags.push(await etag('a'));
      expect(await etag('a')).toBe(etags.at(-1));
    }
    expect(new Set(etags).size).toBe(4);
  });

  test('is a private copy', async () => {
    const { store } = setup();
    await store.write('a', { n: 1 });
    const version = (await store.readVersion('a')) as Version<{ n: number }>;
    version.session.n = 5;
    expect(await store.read('a')).toEqual({ n: 1 });
  });

  test('rejects a bad id, and a corrupt record', async () => {
    const { map, store } = setup();
    await expect(store.readVersion('')).rejects.toMatchObject({ code: 'INVALID_ID' });
    map.records.set('a', '5');
    await expect(store.readVersion('a')).rejects.toMatchObject({
      code: 'CORRUPT',
      idHash: hashId('a'),
    });
  });
});

describe('versions', () => {
  test('lists what readVersion gives, without what has expired', async () => {
    const { clock, store } = setup();
    await store.write('old', { n: 0 });
    clock.now = 1;
    await store.write('a', { n: 1 });
    await store.write('b', { n: 2 });
    clock.now = MINUTE;
    expect(await listed(store.versions())).toEqual([
      ['a', await store.readVersion('a')],
      ['b', await store.readVersion('b')],
    ]);
  });

  test('leaves out other prefixes, and tells onWarning of corrupt records', async () => {
    const { map, store, warnings } = setup();
    await store.write('a:1', { n: 1 });
    await store.write('b:1', { n: 2 });
    map.records.set('a:2', '5');
    map.records.set('b:2', '5');
    const ids = (await listed(store.versions({ prefix: 'a:' }))).map(([id]) => id);
    expect(ids).toEqual(['a:1']);
    expect(warnings).toEqual([expect.objectContaining({ idHash: hashId('a:2') })]);
  });

  test('stops when its signal says so', async () => {
    const { store } = setup();
    for (let i = 0; i < 5; i++) await store.write(`a:${i}`, { n: i });
    const controller = new AbortController();
    const seen: string[] = [];
    const loop = (async () => {
      for await (const [id] of store.versions({ signal: controller.signal })) {
        if (seen.push(id) === 2) controller.abort(new Error('enough'));
      }
    })();
    await expect(loop).rejects.toThrow('enough');
    expect(seen).toEqual(['a:0', 'a:1']);
  });

  test('gives etags to change each session by, which are no longer true then', async () => {
    const { store } = setup();
    for (let i = 0; i < 3; i++) await store.write(`a:${i}`, { n: i });
    for await (const [id, { session, etag }] of store.versions()) {
      await store.write(id, { n: session.n + 10 }, { ifMatch: etag });
      const again = store.write(id, { n: 0 }, { ifMatch: etag });
      await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(await store.all()).toEqual([{ n: 10 }, { n: 11 }, { n: 12 }]);
  });
});
