import type { Driver } from '../src/index.ts';

export type Put = Driver['put'];
export type Remove = Driver['delete'];

/** A function that does `first` for the first so many calls and `then` after. */
export function sequence<A extends unknown[], R>(
  first: ((...args: A) => R)[],
  then: (...args: A) => R,
) {
  return (...args: A) => (first.shift() ?? then)(...args);
}

export const lost = () => new Error('the connection was lost');

/** Applies the command, lets `meanwhile` happen, and loses the answer. */
export function appliedAndLost<A extends unknown[]>(
  command: (...args: A) => boolean | PromiseLike<boolean>,
  meanwhile: () => unknown = () => {},
) {
  return async (...args: A): Promise<boolean> => {
    await command(...args);
    await meanwhile();
    throw lost();
  };
}

/** Loses the command itself; `meanwhile` happens. */
export function notAppliedAndLost(meanwhile: () => unknown = () => {}) {
  return async (): Promise<boolean> => {
    await meanwhile();
    throw lost();
  };
}
