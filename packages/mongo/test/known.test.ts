import { expect, test } from '@jest/globals';
import { Known } from '../src/known.ts';

test('what was seen last is known, and what was seen long ago is forgotten', () => {
  const known = new Known(2);
  const version = { etags: ['e'], isReserved: false };
  known.set('a', version);
  known.set('b', null);
  known.set('a', version);
  known.set('c', version);
  expect(known.get('a')).toBe(version);
  expect(known.get('b')).toBeUndefined();
  known.forget('a');
  known.set('b', null);
  expect([known.get('a'), known.get('b'), known.get('c')]).toEqual([undefined, null, version]);
});
