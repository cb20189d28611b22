import { channel } from 'node:diagnostics_channel';
import { hashId, isSessionError, type SessionErrorCode } from './errors.ts';

/** What a store publishes on `sessions:operation` of `node:diagnostics_channel` after each operation. */
export interface StoreOperation {
  /** The method: `read`, `update` and so on. */
  readonly operation: string;
  /** The class of the store, such as `RedisSessionStore`. */
  readonly store: string;
  /** Milliseconds that it took; for a listing, with the time of the loop that reads it. */
  readonly duration: number;
  /** The code if it failed; `OTHER` for what is no `SessionError`, such as an error of `change`. */
  readonly error: SessionErrorCode | 'OTHER' | undefined;
  /** The SHA-256 of the session's id, where there is one. */
  readonly idHash: string | undefined;
}

type Method = (this: object, ...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>;

const operations = channel('sessions:operation');

/** Makes the methods of a class tell of themselves. While nobody listens, that costs next to nothing. */
export function publishOperations(methods: object): void {
  for (const name of Object.getOwnPropertyNames(methods)) {
    if (name === 'constructor') continue;
    const method = Reflect.get(methods, name) as Method;
    const published: Method = function (...args) {
      return operations.hasSubscribers
        ? publish(this, name, method, args)
        : method.apply(this, args);
    };
    Reflect.set(methods, name, published);
  }
}

function publish(store: object, operation: string, method: Method, args: unknown[]) {
  const start = performance.now();
  const [id] = args;
  const over = (...errors: unknown[]) => {
    const code = isSessionError(errors[0]) ? errors[0].code : 'OTHER';
    operations.publish({
      operation,
      store: store.constructor.name,
      duration: performance.now() - start,
      error: errors.length > 0 ? code : undefined,
      idHash: typeof id === 'string' ? hashId(id) : undefined,
    } satisfies StoreOperation);
  };
  const result = method.apply(store, args);
  if (Symbol.asyncIterator in result) return publishedList(result, over);
  result.then(() => over(), over);
  return result;
}

async function* publishedList(list: AsyncIterable<unknown>, over: (...errors: unknown[]) => void) {
  const errors: unknown[] = [];
  try {
    yield* list;
  } catch (reason) {
    errors.push(reason);
    throw reason;
  } finally {
    over(...errors);
  }
}
