import { FolderDriver } from '../fixtures/folder-driver.js';

/** Compares and writes in one step, as far as this process goes. */
export class UnlockedDriver extends FolderDriver {}

/** Replaces under the lock, and creates without. */
export class HastyDriver extends FolderDriver {}

/** Looks after something that it does not stop looking after. */
export class RestlessDriver extends FolderDriver {}
