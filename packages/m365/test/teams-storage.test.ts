import { expect, test } from '@jest/globals';
import { LocalStorage } from '@microsoft/teams.common';
import { TeamsStorage } from '../src/index.ts';
import { describeStores } from './support.ts';

describeStores((open) => {
  test('does as their own does', async () => {
    const store = open();
    const storages = [new LocalStorage<unknown>(), new TeamsStorage(store)];
    const [own, ours] = await Promise.all(
      storages.map(async (storage) => {
        const seen: unknown[] = [await storage.get('key')];
        for (const value of ['text', 0, null, [1, { a: 2 }], { a: 1 }]) {
          await storage.set('key', value);
          seen.push(await storage.get('key'));
        }
        await storage.delete('key');
        await storage.delete('key');
        seen.push(await storage.get('key'));
        return seen;
      }),
    );
    expect(ours).toEqual(own);
    expect(ours).toEqual([undefined, 'text', 0, null, [1, { a: 2 }], { a: 1 }, undefined]);
    expect(await store.all()).toEqual([]);
  });

  test('errors of the store pass through', async () => {
    const store = open();
    const storage = new TeamsStorage(store);
    await expect(storage.set('key', 1n)).rejects.toMatchObject({ code: 'INVALID_SESSION' });
    await store.close();
    await expect(storage.get('key')).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
