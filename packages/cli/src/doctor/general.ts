import { randomUUID } from 'node:crypto';
import type { Capabilities, FullSessionStore, SessionStore } from '@sessions/core';
import { isFull } from '../context.ts';
import { explain } from '../failure.ts';
import { bad, type Finding, look, ok } from './finding.ts';

const READS = 20;
const SLOW = 100; // ms

const COMPARES: Record<Capabilities['compareAndSet'], string> = {
  process: 'within one process; with two of them changes get lost',
  host: 'by all processes on one host',
  cluster: 'by all processes, on any host',
};

const SURVIVES: Record<Capabilities['survives'], string> = {
  nothing: 'nothing: sessions end with the process',
  'process-crash': 'a crash of the bot; whether a power cut, is up to the server (persistence)',
  'power-loss': 'a crash, and a power cut',
  replication: 'a crash, a power cut, and the loss of a machine, with replicas',
};

/** What any store can be asked. */
export async function* examineStore(store: SessionStore): AsyncGenerator<Finding> {
  yield await latencyOf(store);
  if (!isFull(store)) {
    const says =
      'it has only the five methods: two processes that change one session lose a change';
    yield look('guarantees', says);
    return;
  }
  const { compareAndSet, survives } = store.capabilities;
  const kept = `of changes at once each is kept ${COMPARES[compareAndSet]}`;
  yield compareAndSet === 'process' ? look('guarantees', kept) : ok('guarantees', kept);
  const lives = `what is acknowledged survives ${SURVIVES[survives]}`;
  yield survives === 'nothing' ? look('guarantees', lives) : ok('guarantees', lives);
}

async function latencyOf(store: SessionStore): Promise<Finding> {
  const times: number[] = [];
  for (let i = 0; i < READS; i++) {
    const start = performance.now();
    await store.read(`sessions-doctor:${randomUUID()}`);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const [median, slowest] = [times[READS / 2] as number, times.at(-1) as number];
  const says = `a read takes ${median.toFixed(1)} ms, the slowest of ${READS} took ${slowest.toFixed(1)}`;
  return median > SLOW ? look('latency', says) : ok('latency', says);
}

/** Writes, changes and removes a session of its own, which would live for a minute. */
export async function* tryWriting(store: FullSessionStore): AsyncGenerator<Finding> {
  const id = `sessions-doctor:${randomUUID()}`;
  try {
    const start = performance.now();
    await store.write(id, { n: 1 }, { ifMatch: null, expiresIn: 1 });
    const took = performance.now() - start;
    await store.update(id, (session) => ({ n: session?.n + 1 }), { expiresIn: 1 });
    const found = await store.readVersion(id);
    await store.destroy(id);
    yield found?.session.n === 2 && (await store.read(id)) === null
      ? ok('writing', `a session was written in ${took.toFixed(1)} ms, changed, read and removed`)
      : bad('writing', 'what was written is not what was read');
  } catch (error) {
    yield bad('writing', explain(error));
  }
}
