import type { SessionError } from './errors.ts';
import { checkExpiresIn, DEFAULT_EXPIRES_IN } from './expiry.ts';
import { checkPrefix } from './id.ts';
import { checkAmount, checkFunction, checkOptions } from './options.ts';
import type { ListOptions, StoreOptions, WriteOptions } from './session-store.ts';

const DEFAULT_TIMEOUT = 5000;
const DEFAULT_MAX_SESSION_BYTES = 8 * 1024 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1000; // with what is added to it

const STORE_OPTIONS = ['expiresIn', 'timeout', 'maxSessionBytes', 'now', 'onWarning'];

/** The options of a store with their defaults. `more` are the names of its driver's own. */
export function storeOptions(
  options: number | StoreOptions,
  more: readonly string[],
): Required<{ [K in keyof StoreOptions]: NonNullable<StoreOptions[K]> }> {
  const given = typeof options === 'object' && options !== null ? options : { expiresIn: options };
  checkOptions('a store', given, [...STORE_OPTIONS, ...more]);
  const {
    expiresIn = DEFAULT_EXPIRES_IN,
    timeout = DEFAULT_TIMEOUT,
    maxSessionBytes = DEFAULT_MAX_SESSION_BYTES,
    now = () => Date.now(), // whatever `Date` is then: tests replace it
    onWarning = emitWarning,
  } = given;
  checkExpiresIn(expiresIn);
  checkAmount('timeout', timeout, 'milliseconds', LONGEST_TIMER);
  checkAmount('maxSessionBytes', maxSessionBytes, 'bytes', Infinity);
  checkFunction('now', now);
  checkFunction('onWarning', onWarning);
  return { expiresIn, timeout, maxSessionBytes, now, onWarning };
}

/** Checks the options of one write, update, touch or destroy. */
export function checkCall(options: WriteOptions, known: readonly string[]): void {
  checkOptions('this call', options, known);
  if (options.expiresIn !== undefined) checkExpiresIn(options.expiresIn);
  const { ifMatch } = options;
  // `undefined` might come from a version that is not there, and must not overwrite whatever is.
  if ('ifMatch' in options && ifMatch !== null && (typeof ifMatch !== 'string' || ifMatch === '')) {
    throw new TypeError('ifMatch must be an etag, or null for a session that is not there yet');
  }
}

/** Checks the options of a listing. */
export function checkListing(options: ListOptions): void {
  checkOptions('this call', options, ['prefix', 'signal']);
  // `undefined` might come from a name that is not there, and must not clear the whole store.
  if ('prefix' in options) checkPrefix(options.prefix);
}

// As text: `process.emitWarning` refuses an Error of another realm, such as a Jest test's.
function emitWarning(warning: Error): void {
  const { code, idHash } = warning as SessionError;
  process.emitWarning(warning.message, {
    type: 'SessionWarning',
    ...(code && { code }),
    ...(idHash && { detail: `the session's id has the SHA-256 ${idHash}` }),
  });
}
