import { describe, expect, test } from '@jest/globals';
import { checkId, checkPrefix } from '../src/id.ts';
import { SessionError } from '../src/index.ts';

const surrogate = 'must not hold a lone surrogate';

test.each<[unknown, string]>([
  [5, 'a session id is a string, not number'],
  [undefined, 'a session id is a string, not undefined'],
  ['', 'a session id must not be empty'],
  ['x'.repeat(1025), 'a session id has at most 1024 bytes in UTF-8'],
  ['€'.repeat(342), 'a session id has at most 1024 bytes in UTF-8'],
  ['a\ud800', `a session id ${surrogate}`],
  ['\udc00a', `a session id ${surrogate}`],
])('%p is no id', (bad, message) => {
  expect(() => checkId(bad)).toThrow(new SessionError('INVALID_ID', message));
  expect(() => checkId(bad)).toThrow(expect.objectContaining({ code: 'INVALID_ID' }));
});

test.each(['x', 'x'.repeat(1024), '€'.repeat(341), '😀'.repeat(256), '\0', ' ', '../x'])(
  '%p is one',
  (id) => {
    expect(() => checkId(id)).not.toThrow();
  },
);

describe('a prefix', () => {
  test.each<[unknown, string]>([
    [5, 'prefix must be text, not number'],
    [null, 'prefix must be text, not object'],
    ['\ud83d', `prefix ${surrogate}`],
  ])('is not %p', (bad, message) => {
    expect(() => checkPrefix(bad)).toThrow(new TypeError(message));
    expect(() => checkPrefix(bad)).toThrow(TypeError);
  });

  test.each(['', 'x', '😀', 'x'.repeat(2000)])('may be %p', (prefix) => {
    expect(() => checkPrefix(prefix)).not.toThrow();
  });
});
