// Drivers that are broken where there are several processes, in each of them.
import { DriverStore } from '@sessions/core';
import { FolderDriver } from '../fixtures/folder-driver.js';

/** Compares and writes in one step, as far as this process goes. */
export class UnlockedDriver extends FolderDriver {
  alone(_deadline, task) {
    return task();
  }
}

/** Replaces under the lock, and creates without. */
export class HastyDriver extends FolderDriver {
  alone(deadline, task, expected) {
    return expected === null ? task() : super.alone(deadline, task);
  }
}

/** Looks after something that it does not stop looking after. */
export class RestlessDriver extends FolderDriver {
  open() {
    setInterval(() => {}, 1000);
  }
}

const drivers = { UnlockedDriver, HastyDriver, RestlessDriver };

/** What another process opens. */
export function open({ folder, driver }, options) {
  return new DriverStore(new drivers[driver](folder), options);
}
