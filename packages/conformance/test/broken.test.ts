import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ALL_BROKEN } from './broken/index.ts';
import { folderBackend, HOST } from './fixtures/folder-backend.ts';
import { MapStore } from './fixtures/map-store.ts';
import { CLUSTER, declared, serverBackend } from './fixtures/trials.ts';

describe('a store that is broken fails the test of the promise that it breaks', () => {
  for (const { how, promises, ...subject } of ALL_BROKEN) {
    test(how, async () => {
      const tests = declared(subject);
      for (const promise of promises) {
        const about = tests.find(({ text }) => text === promise);
        if (!about) throw new Error(`the kit has no test "${promise}" at this level`);
        expect(await outcomeOf(about.run)).toBe('failed');
      }
    });
  }
});

test('each promise is broken by one of these stores at least', () => {
  const minimal = declared({ backend: () => ({ open: () => new MapStore() }) });
  const full = declared({ capabilities: CLUSTER, backend: serverBackend });
  const host = declared({ capabilities: HOST, backend: folderBackend });
  const texts = new Set([...minimal, ...full, ...host].map(({ text }) => text));
  for (const { promises } of ALL_BROKEN) for (const promise of promises) texts.delete(promise);
  expect([...texts]).toEqual([]);
});

async function outcomeOf(run: () => Promise<void>): Promise<'passed' | 'failed' | 'hung'> {
  return Promise.race([
    run().then(
      () => 'passed' as const,
      () => 'failed' as const,
    ),
    setTimeout(25_000, 'hung' as const, { ref: false }),
  ]);
}
