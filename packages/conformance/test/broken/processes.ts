import { type Broken, brokenFolderDriver } from './broken.ts';
import { HastyDriver, RestlessDriver, UnlockedDriver } from './elsewhere.js';

const MODULE = new URL('elsewhere.js', import.meta.url);
const CREATING =
  'updates from three processes at once that create a session are each applied exactly once';

export const brokenProcesses: readonly Broken[] = [
  brokenFolderDriver(
    'compares and writes in one step, as far as one process goes',
    ['updates of one session from three processes at once are each applied exactly once', CREATING],
    UnlockedDriver,
    'moved',
    MODULE,
  ),
  brokenFolderDriver(
    'replaces under a lock, and creates without',
    [CREATING],
    HastyDriver,
    'moved',
    MODULE,
  ),
  brokenFolderDriver(
    'has something to do when it is closed',
    ['a process ends once its store is closed'],
    RestlessDriver,
    'moved',
    MODULE,
  ),
];
