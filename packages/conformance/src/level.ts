import assert from 'node:assert/strict';
import { everyStore, type Promised } from './promised.ts';
import { sameJson } from './same-json.ts';

const BASIC = ['init', 'read', 'write', 'destroy', 'all'];
const FULL = [
  ...[...BASIC, 'update', 'touch', 'readVersion', 'entries', 'versions', 'ids', 'clear', 'prune'],
  ...['close', Symbol.asyncDispose],
];

export const level: readonly Promised[] = [
  everyStore('the store is what it is certified as', async (trial) => {
    const store = await trial.openUninitialised();
    const members = store as unknown as Record<string | symbol, unknown>;
    for (const name of trial.capabilities ? FULL : BASIC) {
      assert.ok(typeof members[name] === 'function', `the store has no method ${String(name)}`);
    }
    if (trial.capabilities) {
      sameJson(
        members.capabilities,
        trial.capabilities,
        '`capabilities` given to `certify` differ from what the store declares',
      );
    } else {
      assert.ok(
        !('capabilities' in store) && !('update' in store),
        'the store has more than the five methods: give its `capabilities` to `certify`, so that ' +
          'all its promises are tested',
      );
    }
  }),
];
