import { describe, expect, test } from '@jest/globals';
import { historyAfter, newEtag } from '../src/driver.ts';
import { applyPut, HISTORY_LENGTH, isRecord, type SessionRecord } from '../src/index.ts';

const record: SessionRecord = { session: '{"n":1}', expiresAt: null, etag: 'e', history: [] };

describe('isRecord', () => {
  test.each([
    [record],
    [{ ...record, expiresAt: 5, history: ['d'] }],
    [{ ...record, session: {}, etag: '' }], // of a driver with a codec
  ])('takes %p', (value) => {
    expect(isRecord(value)).toBe(true);
  });

  test.each([
    [null],
    [undefined],
    ['text'],
    [5],
    [{}],
    [{ ...record, session: undefined }],
    [{ ...record, session: null }],
    [{ ...record, expiresAt: undefined }],
    [{ ...record, expiresAt: '5' }],
    [{ ...record, expiresAt: Number.NaN }],
    [{ ...record, expiresAt: Infinity }],
    [{ ...record, etag: undefined }],
    [{ ...record, etag: 5 }],
    [{ ...record, history: undefined }],
    [{ ...record, history: 'd' }],
    [Object.assign(() => {}, record)],
  ])('refuses %p', (value) => {
    expect(isRecord(value)).toBe(false);
  });
});

describe('applyPut', () => {
  const first = { ...record, etag: 'first' };
  const second = { ...record, etag: 'second', history: ['first'] };
  const third = { ...record, etag: 'third', expiresAt: 5, session: '{"n":3}' };

  test('recognises the repeat of a command, even after others wrote since', () => {
    for (const expected of [undefined, null, 'first', 'other']) {
      expect(applyPut(first, first, expected)).toBe('repeat');
      expect(applyPut(second, first, expected)).toBe('repeat');
    }
  });

  test('puts what is expected, and finds a conflict where something else is there', () => {
    expect(applyPut(second, third, 'second')).toBe(third);
    expect(applyPut(second, third, 'first')).toBe('conflict');
    expect(applyPut(second, third, null)).toBe('conflict');
    expect(applyPut(null, third, null)).toBe(third);
    expect(applyPut(null, third, undefined)).toBe(third);
    expect(applyPut(undefined, third, undefined)).toBe(third);
    expect(applyPut(null, third, 'second')).toBe('conflict');
    expect(applyPut(undefined, third, '')).toBe('conflict');
  });

  test('gives a record without a condition the history of what it replaces', () => {
    expect(applyPut(second, third, undefined)).toEqual({ ...third, history: ['second', 'first'] });
    const more = { ...third, more: 'than a record' };
    expect(applyPut(second, more, undefined)).toEqual({ ...third, history: ['second', 'first'] });
  });
});

test('the history is of the etags before, newest first, at most eight', () => {
  expect(HISTORY_LENGTH).toBe(8);
  expect(historyAfter(record)).toEqual(['e']);
  const seven = ['1', '2', '3', '4', '5', '6', '7'];
  expect(historyAfter({ ...record, history: seven })).toEqual(['e', ...seven]);
  expect(historyAfter({ ...record, history: [...seven, '8'] })).toEqual(['e', ...seven]);
  expect(historyAfter({ ...record, history: [...seven, '8', '9'] })).toEqual(['e', ...seven]);
});

test('etags are twelve characters that never come twice', () => {
  const etags = Array.from({ length: 10_000 }, newEtag);
  expect(new Set(etags).size).toBe(etags.length);
  for (const etag of etags) if (!/^[\w-]{12}$/.test(etag)) expect(etag).toMatch(/^[\w-]{12}$/);
});
