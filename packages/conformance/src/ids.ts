import assert from 'node:assert/strict';
import type { SessionStore } from '@sessions/core';
import fc from 'fast-check';
import { listed, operationsOnOne } from './operations.ts';
import { everyStore, fullStores, type Promised } from './promised.ts';
import { randomCases } from './random-cases.ts';
import { rejectsAs } from './rejection.ts';
import { sameJson } from './same-json.ts';

// In each row, ids that one backend or other has been seen to take for the same, or for its own.
const HOSTILE = [
  ['a', 'A', ' a', 'a ', 'a.', '.a', 'a\0', '\ufeffa', 'a\u200b', 'a\n', 'а'],
  ['é', 'e\u0301', 'É'],
  ['ſ', 's', 'S', 'ß', 'ss', 'K', 'k', '\u212a', 'ı', 'i', 'İ', 'ﬁ', 'fi'],
  ['.', '..', '../x', '../../x', 'x', './x', '/x', '/etc/passwd', '~', '~/x'],
  ['a/b', 'a\\b', 'a%2Fb', 'a%2fb', 'a:b', 'a::b', 'a_b', 'a-b', 'a+b', 'a b', 'a%20b', 'a/b/'],
  ['CON', 'con', 'NUL', 'nul.txt', 'aux', 'COM1', 'C:\\x', 'C:x', 'x:stream'],
  ['{a}', '{a}b', '{', '}', '{}', '[a]', '[^a]', '*', '**', '?', 'a*', 'a?', '\\*', '%', '_'],
  ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'then'],
  ['0', '00', '1', '01', '1.0', '1e0', '-1', 'NaN', 'null', 'undefined', 'true', '[object Object]'],
  ['$where', '$ne', '_id', 'a.b', `';--`, `"`, `'`, '\\', '`', '$(x)', '<a>', '#', '&', '|', ','],
  ['\0', '\u0001', '\r\n', '\t', ' ', '\u007f', '\u2028', '😀', '😁', '\u{10ffff}', '\uffff'],
  ['.json', 'a.json', 'a.tmp', 'a.lock', 'sessions', 'telegram:42', 'telegram:-42'],
].flat();

// Of exactly 1,024 bytes, alike but for the last character.
const LONGEST = [
  ...['a', 'b', '/'].map((end) => 'x'.repeat(1023) + end),
  ...['a', 'b'].map((end) => `${'é'.repeat(511)}x${end}`),
  ...['😀', '😁'].map((end) => '😀'.repeat(255) + end),
];

const INVALID: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'a number': 42,
  'an object': { $ne: 'a' },
  'an array': ['a'],
  'an object that becomes a string': new String('a'),
  'the empty string': '',
  '1,025 bytes': 'x'.repeat(1025),
  '1,026 bytes in 342 characters': '€'.repeat(342),
  'a lone high surrogate': 'a\ud800',
  'a lone low surrogate': '\udc00a',
};

const randomIds = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'aEé\u0301/\\.:%* \0'), minLength: 1, maxLength: 6 }),
);

/** What somebody might take for this id. */
function lookalikes(id: string): string[] {
  const all = [
    id,
    ...[id.toUpperCase(), id.toLowerCase(), id.normalize('NFC'), id.normalize('NFD')],
    ...[`${id} `, ` ${id}`, `${id}.`, `${id}\0`, `${id}/`, `./${id}`, `${id}*`, `${id}a`],
    ...[encodeURIComponent(id), id.replaceAll('/', '\\'), id.replaceAll(':', '_')],
  ];
  return [...new Set(all)];
}

export const ids: readonly Promised[] = [
  everyStore('hostile ids are ordinary and distinct', async (trial) => {
    const store = await trial.open();
    await eachKeepsItsOwn(store, HOSTILE);
    const destroyed = HOSTILE.filter((_, n) => n % 2 === 0);
    await Promise.all(destroyed.map((id) => store.destroy(id)));
    for (const id of HOSTILE) {
      const expected = destroyed.includes(id) ? null : { id };
      sameJson(await store.read(id), expected, `${show(id)} after half of the ids were destroyed`);
    }
  }),

  everyStore('ids of 1,024 bytes are distinct to the last character', async (trial) => {
    await eachKeepsItsOwn(await trial.open(), LONGEST);
  }),

  everyStore('any id is distinct from its lookalikes', async (trial) => {
    const store = await trial.open();
    await randomCases(20, randomIds, (id) => eachKeepsItsOwn(store, lookalikes(id)));
  }),

  fullStores('every id comes back from entries as it was', async (trial) => {
    const store = await trial.open();
    const all = [...HOSTILE, ...LONGEST];
    await Promise.all(all.map((id) => store.write(id, { id })));
    const found = await listed(store);
    sameJson(found.map(([id]) => id).sort(), [...all].sort(), 'the ids that entries gave');
    for (const [id, session] of found) sameJson(session, { id }, 'the session given with its id');
  }),

  fullStores('an invalid id is rejected as INVALID_ID by every operation', async (trial) => {
    const store = await trial.open();
    for (const [what, id] of Object.entries(INVALID)) {
      for (const [name, operation] of Object.entries(operationsOnOne)) {
        await rejectsAs('INVALID_ID', `${name} with ${what} as id`, () =>
          operation(store, id as string),
        );
      }
    }
    let called = false;
    await rejectsAs('INVALID_ID', 'update with an empty id', () =>
      store.update('', (session) => {
        called = true;
        return session;
      }),
    );
    assert.ok(!called, 'update with an invalid id should not call `change`');
    sameJson(await store.all(), [], 'all() after operations with invalid ids');
  }),
];

async function eachKeepsItsOwn(store: SessionStore, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => store.write(id, { id })));
  const found = await Promise.all(ids.map((id) => store.read(id)));
  for (const [n, id] of ids.entries()) sameJson(found[n], { id }, `the session of id ${show(id)}`);
}

function show(id: string): string {
  const text = JSON.stringify(id);
  return text.length < 100 ? text : `${text.slice(0, 10)}…${text.slice(-10)}`;
}
