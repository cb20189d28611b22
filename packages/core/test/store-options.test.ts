import { describe, expect, jest, test } from '@jest/globals';
import { hashId, SessionError } from '../src/index.ts';
import { checkCall, checkListing, storeOptions } from '../src/store-options.ts';

const LONGEST_TIMER = 2 ** 31 - 1000;

test('the defaults are a year, five seconds and 8 MiB', () => {
  const { now, onWarning, ...amounts } = storeOptions({}, []);
  expect(amounts).toEqual({
    expiresIn: 525_600,
    timeout: 5000,
    maxSessionBytes: 8 * 1024 * 1024,
  });
  expect(Math.abs(now() - Date.now())).toBeLessThan(10_000);
  expect(onWarning).toBeInstanceOf(Function);
});

test('what is given is taken, and a number is a lifetime', () => {
  const given = {
    expiresIn: 1,
    timeout: LONGEST_TIMER,
    maxSessionBytes: 2,
    now: () => 3,
    onWarning: () => {},
  };
  expect(storeOptions(given, [])).toEqual(given);
  expect(storeOptions({ ...given, more: 5 } as never, ['more'])).toEqual(given);
  expect(storeOptions(5, [])).toMatchObject({ expiresIn: 5, timeout: 5000 });
});

test.each<[unknown, string]>([
  [{ ttl: 5 }, 'a store has no option ttl; did you mean expiresIn, in minutes?'],
  [{ time: 5 }, 'a store has no option time; did you mean timeout?'],
  [{ timeout: '5' }, 'timeout must be a number of milliseconds'],
  [{ maxSessionBytes: '5' }, 'maxSessionBytes must be a number of bytes'],
  [{ now: 5 }, 'now must be a function'],
  [{ onWarning: 5 }, 'onWarning must be a function'],
  [null, 'expiresIn must be a number of minutes, not null; 10 / 60 is ten seconds'],
  ['5', 'expiresIn must be a number of minutes, not a string; 10 / 60 is ten seconds'],
])('%p is refused with a TypeError', (bad, message) => {
  expect(() => storeOptions(bad as never, [])).toThrow(new TypeError(message));
});

test.each<[string, unknown, string]>([
  ['timeout', 0, `0 and at most ${LONGEST_TIMER} milliseconds, not 0`],
  ['timeout', LONGEST_TIMER + 1, `0 and at most ${LONGEST_TIMER} milliseconds, not 2147482649`],
  ['maxSessionBytes', 0, '0 and at most Infinity bytes, not 0'],
])('%s of %p is refused with a RangeError', (name, bad, rest) => {
  expect(() => storeOptions({ [name]: bad }, [])).toThrow(
    new RangeError(`${name} must be more than ${rest}`),
  );
});

test('the options of a call are those that it knows, with a lifetime and an etag', () => {
  const known = ['expiresIn', 'ifMatch'];
  for (const good of [{}, { expiresIn: undefined }, { expiresIn: 5, ifMatch: null }]) {
    expect(() => checkCall(good, known)).not.toThrow();
  }
  expect(() => checkCall({ ifMatch: 'etag' }, known)).not.toThrow();
  expect(() => checkCall({ ifMatch: null }, ['expiresIn'])).toThrow(
    new TypeError('this call has no option ifMatch; there are expiresIn'),
  );
  expect(() => checkCall({ expiresIn: 0 }, known)).toThrow(RangeError);
  for (const bad of [undefined, '', 5, false]) {
    expect(() => checkCall({ ifMatch: bad as never }, known)).toThrow(
      new TypeError('ifMatch must be an etag, or null for a session that is not there yet'),
    );
  }
});

test('the options of a listing are a prefix and a signal', () => {
  const { signal } = new AbortController();
  for (const good of [{}, { signal: undefined }, { prefix: 'a', signal }]) {
    expect(() => checkListing(good)).not.toThrow();
  }
  expect(() => checkListing({ prefix: null as never })).toThrow(/^prefix must be text/);
  expect(() => checkListing({ limit: 5 } as never)).toThrow(
    new TypeError('this call has no option limit; there are prefix, signal'),
  );
});

describe('a warning goes to process.emitWarning by default', () => {
  const hash = hashId('a');
  test.each<[Error, object]>([
    [new Error('no code'), { type: 'SessionWarning' }],
    [new SessionError('CORRUPT', 'no hash'), { type: 'SessionWarning', code: 'CORRUPT' }],
    [
      new SessionError('CORRUPT', 'flipped bit', { id: 'a' }),
      {
        type: 'SessionWarning',
        code: 'CORRUPT',
        detail: `the session's id has the SHA-256 ${hash}`,
      },
    ],
  ])('as text: %p', (warning, options) => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    storeOptions({}, []).onWarning(warning);
    const calls: unknown[][] = [...emitWarning.mock.calls];
    emitWarning.mockRestore();
    expect(calls).toStrictEqual([[warning.message, options]]);
  });
});
