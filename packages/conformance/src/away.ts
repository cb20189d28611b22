import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { FullSessionStore } from '@sessions/core';
import { because } from './rejection.ts';
import type { Trial } from './trial.ts';

/** What stores are given whose backend goes away, in milliseconds. */
export const TIMEOUT = 500;
const PROMISED = TIMEOUT + 100;
// For a busy machine, on top of what is promised.
const SLACK = 500;
const LONGEST_STOP = PROMISED + 3 * SLACK;
const LONGEST_RETURN = 3000;

export async function whileAway(trial: Trial, body: () => Promise<void>): Promise<void> {
  const { restore, deliver } = await trial.interrupt();
  try {
    await body();
  } finally {
    await restore();
    await deliver?.();
  }
}

export async function inTime<T>(name: string, call: () => Promise<T>): Promise<T> {
  const claim =
    `${name} should settle within ${PROMISED} ms when the timeout is ${TIMEOUT} and the backend ` +
    'is away';
  const start = performance.now();
  const given = new AbortController();
  const late = async (): Promise<never> => {
    await pause(PROMISED + SLACK, undefined, { signal: given.signal });
    assert.fail(`${claim}; it had not after ${PROMISED + SLACK}`);
  };
  try {
    return await Promise.race([call(), late()]);
  } finally {
    given.abort();
    // Where a driver stops the process while it waits, no timer tells.
    const took = Math.round(performance.now() - start);
    assert.ok(took < LONGEST_STOP, `${claim}; it took ${took}`);
  }
}

/** Waits until a client that lost its backend has found it again. */
export async function worksAgain(store: FullSessionStore): Promise<void> {
  const end = performance.now() + LONGEST_RETURN;
  for (;;) {
    try {
      await store.read('a');
      return;
    } catch (error) {
      if (performance.now() > end) {
        throw because(error, `read still rejects ${LONGEST_RETURN} ms after the backend came back`);
      }
    }
    await pause(20);
  }
}
