import type { Driver, InterruptOptions, StoreOptions } from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';
import { type Server, ServerDriver } from '../fixtures/server.ts';
import {
  BreakableStore,
  type Broken,
  brokenDriver,
  brokenMapStore,
  brokenStore,
  swallow,
} from './broken.ts';

const CLOSED = 'after close every operation rejects as CLOSED';

const tables = new WeakSet<Server>();

export const brokenLifeCycle: readonly Broken[] = [
  brokenMapStore(
    'has update, and does not say what it is capable of',
    ['the store is what it is certified as'],
    class extends MapStore {
      async update(): Promise<void> {}
    },
  ),
  brokenMapStore(
    'has no all',
    ['the store is what it is certified as'],
    class extends MapStore {
      override all = undefined as unknown as MapStore['all'];
    },
  ),
  brokenMapStore(
    'resolves init with nothing',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      override async init(): Promise<this> {
        return undefined as unknown as this;
      }
    },
  ),
  brokenMapStore(
    'fails the second init',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      #ready = false;
      override async init(): Promise<this> {
        if (this.#ready) throw new Error('already connected');
        this.#ready = true;
        return this;
      }
    },
  ),
  brokenMapStore(
    'starts empty after the second init',
    ['init resolves with the store, and may be called twice and at once'],
    class extends MapStore {
      override async init(): Promise<this> {
        this.texts = new Map();
        return this;
      }
    },
  ),

  brokenStore(
    'declares other capabilities than it is certified with',
    ['the store is what it is certified as'],
    BreakableStore,
    class extends ServerDriver {
      override readonly capabilities = { compareAndSet: 'host', survives: 'replication' } as const;
    },
  ),
  brokenStore(
    'wants init first',
    ['the first operation initialises the store'],
    class extends BreakableStore {
      #ready = false;
      override async init(): Promise<this> {
        this.#ready = true;
        return super.init();
      }
      override async touch(id: string): Promise<boolean> {
        if (!this.#ready) throw new Error('call init first');
        return super.touch(id);
      }
    },
  ),
  brokenStore(
    'prunes after close',
    [CLOSED],
    class extends BreakableStore {
      override prune(options?: InterruptOptions): Promise<number> {
        return swallow(super.prune(options), 'CLOSED', 0);
      }
    },
  ),
  brokenStore(
    'can be initialised after close',
    [CLOSED],
    class extends BreakableStore {
      override init(): Promise<this> {
        return swallow(super.init(), 'CLOSED', this);
      }
    },
  ),
  brokenStore(
    'fails the second close',
    ['close may be called twice and at once'],
    class extends BreakableStore {
      #closed = false;
      override async close(): Promise<void> {
        if (this.#closed) throw new Error('already closed');
        this.#closed = true;
        await super.close();
      }
    },
  ),
  brokenStore(
    'does nothing when disposed',
    ['leaving a block closes a store declared with `await using`'],
    class extends BreakableStore {
      override async [Symbol.asyncDispose](): Promise<void> {}
    },
  ),
  brokenStore(
    'cuts off the writes under way when it closes',
    ['close lets the writes under way finish'],
    class extends BreakableStore {
      readonly #server: Server;
      constructor(driver: Driver, options: StoreOptions, server: Server) {
        super(driver, options);
        this.#server = server;
      }
      override async close(): Promise<void> {
        this.#server.state = 'down';
        await super.close();
        this.#server.restore();
      }
    },
  ),
  brokenDriver(
    'makes its table where it found none a moment ago',
    ['several stores may open an empty backend at once'],
    class extends ServerDriver {
      override async open(): Promise<void> {
        const { server } = this;
        if (await server.call(() => tables.has(server))) return;
        await server.call(() => {
          if (tables.has(server)) throw new Error('there is such a table');
          tables.add(server);
        });
      }
    },
  ),
];
