export type Awaitable<T> = T | PromiseLike<T>;

export function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null)?.then === 'function';
}

// A promise costs more than a session in memory does: hence none where an answer is there at once.

/** What `next` makes of the answer. */
export function when<T, R>(answer: Awaitable<T>, next: (answer: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(answer) ? Promise.resolve(answer).then(next) : next(answer);
}
