import type { Capabilities } from '@sessions/core';
import type { Backend } from './backend.ts';
import { corruption } from './corruption.ts';
import { driverChanges } from './driver-changes.ts';
import { driverCorruption } from './driver-corruption.ts';
import { driverRaces } from './driver-races.ts';
import { driverRecords } from './driver-records.ts';
import { errors } from './errors.ts';
import { expiry } from './expiry.ts';
import { expiryInRealTime } from './expiry-in-real-time.ts';
import { ids } from './ids.ts';
import { interruption } from './interruption.ts';
import { isolation } from './isolation.ts';
import { json } from './json.ts';
import { keeping } from './keeping.ts';
import { lateCommands } from './late-commands.ts';
import { level } from './level.ts';
import { lifeCycle } from './life-cycle.ts';
import { lifetimes } from './lifetimes.ts';
import { listing } from './listing.ts';
import { persistence } from './persistence.ts';
import { prefixes } from './prefixes.ts';
import { processes } from './processes.ts';
import type { Promised } from './promised.ts';
import { readingAndWriting } from './reading-and-writing.ts';
import { Trial } from './trial.ts';
import { updates } from './updates.ts';
import { versions } from './versions.ts';

export interface Certification {
  /** The test runner's `describe`. */
  describe(name: string, body: () => void): unknown;
  /** The test runner's `test` or `it`. */
  test(name: string, body: () => Promise<void>): unknown;
  /** The name of the store, for the report. */
  name: string;
  /**
   * The capabilities that the store declares. They decide which promises are tested. Leave them out for
   * a store with only the five methods.
   */
  capabilities?: Capabilities | undefined;
  /** Makes a fresh, empty backend; called for each test. */
  backend(): Backend | Promise<Backend>;
}

const CHAPTERS: Readonly<Record<string, readonly Promised[]>> = {
  level,
  'life cycle': lifeCycle,
  'reading and writing': readingAndWriting,
  'session ids': ids,
  JSON: json,
  isolation,
  listing,
  'listing by prefix': prefixes,
  expiry: [...expiry, ...expiryInRealTime],
  'lifetimes of a call': lifetimes,
  updates: [...updates, ...keeping],
  versions,
  errors,
  'several processes': processes,
  persistence,
  'corrupt records': corruption,
  'a backend that is away': [...interruption, ...lateCommands],
  driver: [...driverRecords, ...driverChanges, ...driverCorruption, ...driverRaces],
};

/** Declares one test for each promise that a store with these capabilities makes. */
export function certify({ describe, test, name, capabilities, backend }: Certification): void {
  describe(name, () => {
    for (const [title, promises] of Object.entries(CHAPTERS)) {
      const made = promises.filter((promise) => promise.isMadeWith(capabilities));
      if (made.length === 0) continue;
      describe(title, () => {
        for (const { text, check } of made) {
          test(text, async () => {
            const trial = new Trial(await backend(), capabilities);
            await trial.run(check);
          });
        }
      });
    }
  });
}
