import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { sameJson } from '../src/same-json.ts';

const parse = (text: string): unknown => JSON.parse(text);

describe('the same', () => {
  for (const text of ['null', '1', '"a"', '[]', '{}', '{"a":[1,{"b":null}],"__proto__":{"c":1}}']) {
    test(text, () => sameJson(parse(text), parse(text), 'it'));
  }

  test('from another realm', () => {
    sameJson(runInNewContext('({ a: [1, { b: null }] })'), { a: [1, { b: null }] }, 'it');
  });

  test('without a prototype', () => {
    sameJson(Object.assign(Object.create(null), { a: 1 }), { a: 1 }, 'it');
  });
});

describe('different, and how', () => {
  const cases: [actual: unknown, expected: unknown, message: string][] = [
    [1, 2, 'it: expected 2, got 1'],
    ['1', 1, 'it: expected 1, got "1"'],
    [-0, 0, 'it: expected 0, got -0'],
    [undefined, null, 'it: expected null, got undefined'],
    [{}, null, 'it: expected null, got {}'],
    [{}, [], 'it: expected [], got {}'],
    [{ a: { b: [1, 3] } }, { a: { b: [1, 2] } }, 'it: at a.b.1 expected 2, got 3'],
    [[1], [1, 2], 'it: expected 2 members, got 1: [1]'],
    [{}, { a: 1 }, 'it: expected the key "a", got none'],
    [{ a: undefined }, {}, 'it: expected no other key, got "a"'],
    [{ [Symbol('a')]: 1 }, {}, 'it: expected no other key, got Symbol(a)'],
    [{ a: 1, b: 1 }, { b: 1, a: 1 }, 'it: expected the keys in order ["b","a"], got ["a","b"]'],
    [{ __proto__: { a: 1 } }, {}, 'it: expected {}, got something else than a plain object'],
    [new Date(0), {}, 'it: expected {}, got something else than a plain object ([object Date])'],
    [parse('{"a":1}'), parse('{"__proto__":1}'), 'it: expected the key "__proto__", got none'],
  ];
  for (const [actual, expected, message] of cases) {
    test(message, () => expect(() => sameJson(actual, expected, 'it')).toThrow(message));
  }
});
