import { jest } from '@jest/globals';

/** A test in a time of its own, a minute of which is over at once: however busy the machine is. */
export function inFakeTime(test: () => Promise<void>) {
  return async (): Promise<void> => {
    jest.useFakeTimers();
    try {
      const done = test();
      done.catch(() => {}); // awaited below
      await jest.advanceTimersByTimeAsync(60_000);
      await done;
    } finally {
      jest.useRealTimers();
    }
  };
}
