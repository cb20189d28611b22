import { applyPut, DriverStore } from '@sessions/core';

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

/** What the runners certify: a good store, or one that loses updates. */
export const subject = {
  name: 'MapStore',
  capabilities: new MapDriver().capabilities,
  backend: () => ({
    open: (options) => new Store(new MapDriver(), options),
    driver: () => new MapDriver(),
  }),
};
