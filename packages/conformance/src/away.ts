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

export async function inTime<T>(name: string, promise: Promise<T>): Promise<T> {
  const given = new AbortController();
  const late = async (): Promise<never> => {
    await pause(PROMISED + SLACK, undefined, { signal: given.signal });
    assert.fail(
      `${name} should settle within ${PROMISED} ms when the timeout is ${TIMEOUT} and the backend ` +
        `is away; it had not after ${PROMISED + SLACK}`,
    );
  };
  try {
    return await Promise.race([promise, late()]);
  } finally {
    given.abort();
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
