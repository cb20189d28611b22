import { setTimeout as pause } from 'node:timers/promises';
import type { SessionError } from '../packages/core/dist/index.js';

/** What a call of a store fails with. */
export async function failure(promise: Promise<unknown>): Promise<SessionError> {
  try {
    await promise;
  } catch (error) {
    if ((error as Error).name === 'SessionError') return error as SessionError;
    throw error;
  }
  throw new Error('it should have failed');
}

/** Calls until it works, as a person would. */
export async function again<T>(call: () => Promise<T>, milliseconds = 15_000): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > end) throw error;
      await pause(50);
    }
  }
}

/** All that a listing gives. */
export async function listed<T>(entries: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}
