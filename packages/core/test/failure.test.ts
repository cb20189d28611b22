import { describe, expect, test } from '@jest/globals';
import {
  type Action,
  corrupt,
  explain,
  failure,
  unlessRefused,
  unreadable,
  withHash,
} from '../src/failure.ts';
import { hashId, SessionError } from '../src/index.ts';

const idHash = hashId('a');
const cause = new Error('down');

describe('failure', () => {
  test.each<[Action, string]>([
    ['open', 'not-applied'],
    ['get', 'not-applied'],
    ['list', 'not-applied'],
    ['close', 'not-applied'],
    ['put', 'unknown'],
    ['delete', 'unknown'],
    ['prune', 'unknown'],
  ])('says of %s what became of it: %s', (action, outcome) => {
    const late = failure('TIMEOUT', action, 'a');
    expect(late).toMatchObject({ code: 'TIMEOUT', outcome, idHash });
    expect(late.message).toBe(`the backend did not answer in time: ${action}`);
    const down = failure('UNAVAILABLE', action, undefined, cause);
    expect(down).toMatchObject({ code: 'UNAVAILABLE', outcome, idHash: undefined, cause });
    expect(down.message).toBe(`the backend failed: ${action}`);
  });
});

describe('explain', () => {
  test('makes an error of the driver one of the store', () => {
    const error = explain(cause, 'put', 'a') as SessionError;
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown', idHash, cause });
  });

  test('passes on a SessionError, with the hash of the id where it has none', () => {
    const error = new SessionError('TOO_LARGE', 'too large');
    expect(explain(error, 'put', undefined)).toBe(error);
    expect(error.idHash).toBeUndefined();
    expect(explain(error, 'put', 'a')).toBe(error);
    expect(error.idHash).toBe(idHash);
    explain(error, 'put', 'other');
    expect(error.idHash).toBe(idHash);
  });
});

test('withHash leaves what is no SessionError as it is', () => {
  expect(withHash(cause, 'a')).toBe(cause);
  expect('idHash' in cause).toBe(false);
  expect(withHash(null, 'a')).toBeNull();
});

test('what is corrupt or refused says so', () => {
  const message = 'the record is not one that a store wrote';
  expect(corrupt('a', cause)).toMatchObject({ code: 'CORRUPT', message, idHash, cause });
  const error = new SessionError('CORRUPT', 'flipped bit');
  expect(unreadable(error)).toBe(error);
  expect(unreadable(cause)).toMatchObject({
    code: 'CORRUPT',
    message: 'a record cannot be read',
    outcome: 'not-applied',
    cause,
  });
  const refused = {
    code: 'UNAVAILABLE',
    message: 'the backend refused',
    outcome: 'unknown',
    idHash,
  };
  expect(() => unlessRefused('a')(false)).toThrow(expect.objectContaining(refused));
  expect(() => unlessRefused('a')(true)).not.toThrow();
});
