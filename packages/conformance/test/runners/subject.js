import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPut, DriverStore } from '@sessions/core';
import { FolderDriver } from '../fixtures/folder-driver.js';

class MapDriver {
  capabilities = { compareAndSet: 'process', survives: 'nothing' };
  #records = new Map();

  get(id) {
    return this.#records.get(id) ?? null;
  }

  put(id, record, expected) {
    const next = applyPut(this.#records.get(id), record, expected);
    if (typeof next === 'object') this.#records.set(id, next);
    return next !== 'conflict';
  }

  delete(id, expected) {
    const current = this.#records.get(id);
    if (expected !== undefined && current?.etag !== expected) return false;
    this.#records.delete(id);
    return true;
  }

  entries() {
    return this.#records.entries();
  }
}

class LosingStore extends DriverStore {
  async update(id, change) {
    const session = await change(await this.read(id));
    if (session) await this.write(id, session);
    return session;
  }
}

const Store = process.env.SUBJECT === 'broken' ? LosingStore : DriverStore;

const inMemory = {
  name: 'MapStore',
  capabilities: new MapDriver().capabilities,
  backend: () => ({
    open: (options) => new Store(new MapDriver(), options),
    driver: () => new MapDriver(),
  }),
};

const inFolder = {
  name: 'FolderStore',
  capabilities: { compareAndSet: 'host', survives: 'process-crash' },
  backend() {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-kit-'));
    writeFileSync(join(folder, 'sessions.json'), '[]');
    return {
      open: (options) => new DriverStore(new FolderDriver(folder), options),
      elsewhere: {
        module: new URL('../fixtures/folder-driver.js', import.meta.url),
        argument: { folder },
      },
      dispose: () => rmSync(folder, { recursive: true }),
    };
  },
};

/** What the runners certify: a good store, one that loses updates, or one that processes share. */
export const subject = process.env.SUBJECT === 'shared' ? inFolder : inMemory;
