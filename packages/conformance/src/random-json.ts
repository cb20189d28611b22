import type { Session } from '@sessions/core';
import fc from 'fast-check';

/** Keys that one backend or other is known to change, drop, reorder or take for its own. */
export const AWKWARD_KEYS: readonly string[] = [
  'b',
  'a',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  ' ',
  '10',
  '2',
  '-1',
  '$set',
  '$where',
  'a.b',
  '.',
  '_id',
  '_bsontype',
  '__v',
  'etag',
  'expiresAt',
  '\0',
  'a\0b',
  '\ud800',
  'é',
  'e\u0301',
  '😀',
  '\u2028',
];

/** Values that one backend or other is known to change. */
export const AWKWARD_VALUES: readonly (string | number)[] = [
  ...[
    '',
    '\0',
    '\ud800',
    '\udc00\ud800',
    '😀',
    '\ufeff',
    '\u2028',
    '"\\/',
    '1',
    'null',
    '1970-01-01',
  ],
  ...[-0, 0.1, 1e21, 5e-324, Number.MAX_VALUE, 2 ** 53, 2 ** 31, -(2 ** 63)],
];

const scalars = fc.oneof(
  fc.constantFrom(...AWKWARD_VALUES),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
);

const keys = fc.oneof(
  fc.constantFrom(...AWKWARD_KEYS),
  fc.string({ unit: 'binary', maxLength: 10 }),
);

/** Any JSON object. */
export const sessions: fc.Arbitrary<Session> = fc.letrec<{ value: unknown; object: Session }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalars,
      fc.array(tie('value'), { maxLength: 4 }),
      tie('object'),
    ),
    // Object.fromEntries makes an own property of `__proto__`.
    object: fc
      .uniqueArray(fc.tuple(keys, tie('value')), { maxLength: 6, selector: ([key]) => key })
      .map((members) => Object.fromEntries(members)),
  }),
).object;
