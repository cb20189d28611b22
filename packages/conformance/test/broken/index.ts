import type { Broken } from './broken.ts';
import { brokenCorruption } from './corruption.ts';
import { brokenDriverChanges } from './driver-changes.ts';
import { brokenDriverRecords } from './driver-records.ts';
import { brokenErrors } from './errors.ts';
import { brokenExpiry } from './expiry.ts';
import { brokenHost } from './host.ts';
import { brokenIds } from './ids.ts';
import { brokenInterruption } from './interruption.ts';
import { brokenIsolation } from './isolation.ts';
import { brokenJson } from './json.ts';
import { brokenLateCommands } from './late-commands.ts';
import { brokenLifeCycle } from './life-cycle.ts';
import { brokenLifetimes } from './lifetimes.ts';
import { brokenListing } from './listing.ts';
import { brokenPersistence } from './persistence.ts';
import { brokenPrefixes } from './prefixes.ts';
import { brokenProcesses } from './processes.ts';
import { brokenPruning } from './pruning.ts';
import { brokenReadingAndWriting } from './reading-and-writing.ts';
import { brokenUpdates } from './updates.ts';
import { brokenVersions } from './versions.ts';

export const ALL_BROKEN: readonly Broken[] = [
  ...brokenLifeCycle,
  ...brokenReadingAndWriting,
  ...brokenHost,
  ...brokenIds,
  ...brokenJson,
  ...brokenIsolation,
  ...brokenListing,
  ...brokenPrefixes,
  ...brokenExpiry,
  ...brokenLifetimes,
  ...brokenProcesses,
  ...brokenPruning,
  ...brokenUpdates,
  ...brokenVersions,
  ...brokenErrors,
  ...brokenPersistence,
  ...brokenCorruption,
  ...brokenInterruption,
  ...brokenLateCommands,
  ...brokenDriverRecords,
  ...brokenDriverChanges,
];
