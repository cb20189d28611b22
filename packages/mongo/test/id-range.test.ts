import { expect, test } from '@jest/globals';
import { endOf } from '../src/id-range.ts';

test.each([
  ['a', 'b'],
  ['chat:', 'chat;'],
  ['a\0', 'a\u0001'],
  ['\x7f', '\u0080'],
  ['é', 'ê'],
  ['a\ud7ff', 'a\ue000'],
  ['\uffff', '\u{10000}'],
  ['😀', '😁'],
  ['a\u{10ffff}', 'b'],
  ['\ud7ff\u{10ffff}\u{10ffff}', '\ue000'],
  ['\u{10fffe}', '\u{10ffff}'],
])('what begins with %j ends before %j', (prefix, end) => {
  expect(endOf(prefix)).toBe(end);
  expect(end.isWellFormed()).toBe(true);
  const bytes = (text: string) => Buffer.from(text);
  for (const rest of ['', '\0', 'z', '\u{10ffff}'.repeat(3)]) {
    expect(Buffer.compare(bytes(prefix + rest), bytes(end))).toBe(-1);
  }
});

test.each(['', '\u{10ffff}', '\u{10ffff}\u{10ffff}'])(
  'what begins with %j has no end',
  (prefix) => {
    expect(endOf(prefix)).toBeUndefined();
  },
);
