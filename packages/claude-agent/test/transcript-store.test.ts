import { expect, test } from '@jest/globals';
import { type TranscriptKey, TranscriptStore } from '../src/index.ts';
import { describeStores, E, entriesOf, KEY } from './support.ts';

describeStores((open) => {
  test('an entry with a uuid is there once, however often it is appended', async () => {
    const transcripts = new TranscriptStore(open());
    const entries = entriesOf(5);
    const [one, two, ...others] = entries as [never, never];
    await transcripts.append(KEY, [one, one]);
    await transcripts.append(KEY, [one, two]);
    await transcripts.append(KEY, entries);
    await transcripts.append(KEY, others);
    expect(await transcripts.load(KEY)).toEqual(entries);
    const other = { ...KEY, sessionId: 'other' };
    await transcripts.append(other, entries);
    expect(await transcripts.load(other)).toEqual(entries);
  });

  test('entries without a uuid are there each time', async () => {
    const transcripts = new TranscriptStore(open());
    const title = E('custom-title', { customTitle: 'Lunch' });
    await transcripts.append(KEY, [title]);
    await transcripts.append(KEY, [title, E('mode')]);
    expect(await transcripts.load(KEY)).toEqual([title, title, E('mode')]);
  });

  test('100 appends at once are all there, each in one piece', async () => {
    const store = open();
    const batches = Array.from({ length: 100 }, () => entriesOf(3));
    await Promise.all(batches.map((batch) => new TranscriptStore(store).append(KEY, batch)));
    const entries = (await new TranscriptStore(store).load(KEY)) ?? [];
    expect(entries).toHaveLength(300);
    for (const batch of batches) {
      const at = entries.findIndex(({ uuid }) => uuid === batch[0]?.uuid);
      expect(entries.slice(at, at + 3)).toEqual(batch);
    }
  });

  test('a long transcript is there again, and so are repeats from its beginning', async () => {
    const transcripts = new TranscriptStore(open());
    const entries = entriesOf(1500);
    for (let n = 0; n < 3; n++)
      await transcripts.append(KEY, entries.slice(n * 500, n * 500 + 500));
    await transcripts.append(KEY, entries.slice(0, 500));
    expect(await transcripts.load(KEY)).toEqual(entries);
  });

  test('keys that look alike are apart', async () => {
    const transcripts = new TranscriptStore(open());
    const keys: TranscriptKey[] = [
      { projectKey: 'a/b', sessionId: 'c' },
      { projectKey: 'a', sessionId: 'b/c' },
      { projectKey: 'a%2Fb', sessionId: 'c' },
      { projectKey: 'a', sessionId: 'b', subpath: 'c' },
      { projectKey: 'a', sessionId: 'b', subpath: 'c/d' },
      { projectKey: 'a', sessionId: 'b/c', subpath: 'd' },
      { projectKey: 'a', sessionId: '*' },
      { projectKey: 'session', sessionId: 'a' },
    ];
    for (const [n, key] of keys.entries()) await transcripts.append(key, [E('a', { n })]);
    for (const [n, key] of keys.entries()) {
      expect(await transcripts.load(key)).toEqual([E('a', { n })]);
    }
    const idsOf = async (projectKey: string) =>
      (await transcripts.listSessions(projectKey)).map(({ sessionId }) => sessionId).sort();
    expect(await idsOf('a/b')).toEqual(['c']);
    expect(await idsOf('a%2Fb')).toEqual(['c']);
    expect(await idsOf('a')).toEqual(['*', 'b/c']);
    const subkeys = await transcripts.listSubkeys({ projectKey: 'a', sessionId: 'b' });
    expect(subkeys.sort()).toEqual(['c', 'c/d']);
    await transcripts.delete({ projectKey: 'a', sessionId: 'b' });
    expect(
      await transcripts.load({ projectKey: 'a', sessionId: 'b/c', subpath: 'd' }),
    ).not.toBeNull();
    expect(await transcripts.listSubkeys({ projectKey: 'a', sessionId: 'b' })).toEqual([]);
  });

  test('mtime is when the last entry came; a repeat does not count', async () => {
    let clock = 1_800_000_000_000;
    const store = open({ now: () => clock });
    const transcripts = new TranscriptStore(store, { now: () => clock });
    const entries = entriesOf(2);
    await transcripts.append(KEY, entries.slice(0, 1));
    clock += 1000;
    await transcripts.append(KEY, entries);
    clock += 1000;
    await transcripts.append(KEY, entries);
    await transcripts.append({ ...KEY, subpath: 'subagents/a' }, entriesOf(1));
    const found = [{ sessionId: 'sess', mtime: 1_800_000_001_000 }];
    expect(await transcripts.listSessions('proj')).toEqual(found);
  });

  test('a transcript lives as long as it is told, from its last entry', async () => {
    let clock = 1_800_000_000_000;
    const store = open({ now: () => clock });
    const transcripts = new TranscriptStore(store, { expiresIn: 60, now: () => clock });
    const entries = entriesOf(2);
    await transcripts.append(KEY, entries.slice(0, 1));
    clock += 59 * 60_000;
    await transcripts.append(KEY, entries);
    clock += 59 * 60_000;
    expect(await transcripts.load(KEY)).toEqual(entries);
    clock += 60_000;
    expect(await transcripts.load(KEY)).toBeNull();
    expect(await transcripts.listSessions('proj')).toEqual([]);
  });

  test('refuses what is no key, no entry and no option', async () => {
    const store = open();
    const transcripts = new TranscriptStore(store);
    const invalid = expect.objectContaining({ code: 'INVALID_ID' });
    for (const key of [
      { ...KEY, subpath: '' },
      { ...KEY, sessionId: '' },
      { ...KEY, projectKey: 42 as never },
      { ...KEY, sessionId: '\ud800' },
      { ...KEY, subpath: 'x'.repeat(1024) },
    ]) {
      await expect(transcripts.append(key, [E('a')])).rejects.toEqual(invalid);
      await expect(transcripts.load(key)).rejects.toEqual(invalid);
      await expect(transcripts.delete(key)).rejects.toEqual(invalid);
    }
    const cyclic = E('a');
    cyclic.self = cyclic;
    await expect(transcripts.append(KEY, [E('b'), cyclic])).rejects.toMatchObject({
      code: 'INVALID_SESSION',
    });
    expect(await transcripts.load(KEY)).toBeNull();
    expect(() => new TranscriptStore(store, { ttl: 5 } as never)).toThrow('ttl');
    expect(() => new TranscriptStore({ read() {} } as never)).toThrow('update');
  });
});
