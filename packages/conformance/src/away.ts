import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type FullSessionStore, isSessionError } from '@sessions/core';
import { because } from './rejection.ts';
import type { Trial } from './trial.ts';

export const AWAY = ['UNAVAILABLE', 'TIMEOUT'] as const;

/** What stores are given whose backend goes away, in milliseconds. */
export const TIMEOUT = 500;
const PROMISED = TIMEOUT + 100;
// For a busy machine, on top of what is promised.
const SLACK = 1500;
const LONGEST_STOP = PROMISED + 2 * SLACK;
const LONGEST_RETURN = 10_000;

/** A store that gives up soon, and works. */
export async function openHasty(trial: Trial): Promise<FullSessionStore> {
  await trial.open(); // which makes what a new backend lacks, and waits for it
  const store = await trial.openUninitialised({ timeout: TIMEOUT });
  await worksAgain(store);
  return store;
}

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
  await inTheEnd('read', () => store.read('a'));
}

/** Calls until it works, as a busy machine may need longer than a store that gives up soon. */
export async function inTheEnd<T>(name: string, call: () => Promise<T>): Promise<T> {
  const end = performance.now() + LONGEST_RETURN;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!AWAY.some((code) => isSessionError(error, code))) throw error;
      if (performance.now() > end) {
        throw because(
          error,
          `${name} still rejects with the backend there for ${LONGEST_RETURN} ms`,
        );
      }
    }
    await pause(20);
  }
}
