import { afterAll, describe, expect, test } from '@jest/globals';
import { RedisSessionStore } from '@sessions/redis';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findRedis, ownRedis } from '../../../tooling/servers/redis.ts';
import { until } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { TranscriptStore } from '../src/index.ts';
import { E, entriesOf, KEY } from './support.ts';

const TIMEOUT = 1000; // ms
const failure = { name: 'SessionError', code: expect.stringMatching(/^(UNAVAILABLE|TIMEOUT)$/) };

/** Tries again as long as it fails for want of a server. */
const again = (append: () => Promise<void>) =>
  until(async () => {
    try {
      await append();
      return true;
    } catch (error) {
      expect(error).toMatchObject(failure);
      return false;
    }
  }, 'a server that answers');

describeWith(ownRedis(), { describe, test }, 'a Redis that is killed', ({ start }) => {
  test('is an error of every method; then a repeat appends once', async () => {
    const server = await start(['--appendonly', 'yes', '--appendfsync', 'always']);
    const options = { timeout: TIMEOUT, onWarning: () => {} };
    const store = await new RedisSessionStore(server.url, options).init();
    try {
      const transcripts = new TranscriptStore(store);
      const first = entriesOf(2);
      const next = [...entriesOf(3), E('custom-title', { customTitle: 'Lunch' }), ...entriesOf(1)];
      await transcripts.append(KEY, first);
      await server.kill();
      for (const call of [
        () => transcripts.append(KEY, next),
        () => transcripts.load(KEY),
        () => transcripts.listSessions(KEY.projectKey),
        () => transcripts.listSubkeys(KEY),
        () => transcripts.delete(KEY),
      ]) {
        await expect(call()).rejects.toMatchObject(failure);
      }
      await server.start();
      await again(() => transcripts.append(KEY, next));
      await transcripts.append(KEY, first);
      expect(await transcripts.load(KEY)).toEqual([...first, ...next]);
      await transcripts.append(KEY, next); // no repeat of what has failed: what has no uuid is new
      expect(await transcripts.load(KEY)).toEqual([...first, ...next, next[3]]);
    } finally {
      await store.close();
      await server.stop();
    }
  });
});

describeWith(await findRedis(), { describe, test }, 'a network', (server) => {
  afterAll(() => server.stop());

  test('that loses the answer: the outcome is unknown, and a repeat appends once', async () => {
    const proxy = await TcpProxy.to(server.url);
    const url = new URL(server.url);
    url.host = `127.0.0.1:${proxy.port}`;
    const options = { prefix: server.namespace(), timeout: TIMEOUT, onWarning: () => {} };
    const store = await new RedisSessionStore(url.href, options).init();
    try {
      const transcripts = new TranscriptStore(store);
      const entries = [...entriesOf(2), E('mode'), E('custom-title', { customTitle: 'Lunch' })];
      await transcripts.append(KEY, [E('start')]);
      proxy.onRequest = (data) => {
        // The answer to the first write is lost, and all after it.
        if (data.includes('Lunch')) void proxy.set('mute');
      };
      const lost = { ...failure, outcome: 'unknown' };
      await expect(transcripts.append(KEY, entries)).rejects.toMatchObject(lost);
      proxy.onRequest = undefined;
      await proxy.set('open');
      proxy.cut();
      await using direct = new RedisSessionStore(server.url, options);
      const stored = [E('start'), ...entries];
      expect(await new TranscriptStore(direct).load(KEY)).toEqual(stored); // it had arrived
      await again(() => transcripts.append(KEY, entries));
      expect(await transcripts.load(KEY)).toEqual(stored);
      await store.clear();
    } finally {
      await store.close();
      await proxy.stop();
    }
  });
});
