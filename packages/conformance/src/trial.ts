import assert from 'node:assert/strict';
import type {
  Capabilities,
  Driver,
  FullSessionStore,
  Session,
  SessionStore,
  StoreOptions,
} from '@sessions/core';
import type { Backend, Interruption, Restore } from './backend.ts';
import { Clock } from './clock.ts';
import { readable } from './readable-driver.ts';
import { StoreProcess } from './store-process.ts';

/** How long a driver is told that it may take, in milliseconds. */
export const PATIENCE = 5000;

/** What a check of a five-method store may use. */
export interface BasicTrial {
  readonly capabilities: Capabilities | undefined;
  openUninitialised(options?: StoreOptions): Promise<SessionStore>;
  open(options?: StoreOptions): Promise<SessionStore>;
}

/** One check on one fresh backend. Opens what the check asks for, and closes all of it. */
export class Trial implements BasicTrial {
  readonly clock: Clock = new Clock();
  readonly capabilities: Capabilities | undefined;
  readonly #backend: Backend;
  readonly #opened: { close?(): unknown }[] = [];

  constructor(backend: Backend, capabilities: Capabilities | undefined) {
    this.#backend = backend;
    this.capabilities = capabilities;
  }

  async run(check: (trial: this) => Promise<void>): Promise<void> {
    try {
      await check(this);
    } catch (error) {
      await this.#end().catch(() => {}); // the broken promise is the news
      throw error;
    }
    await this.#end();
  }

  async openUninitialised(options: StoreOptions = {}): Promise<FullSessionStore> {
    const store = (await this.#backend.open(options)) as FullSessionStore;
    this.#opened.push(store);
    return store;
  }

  async open(options: StoreOptions = {}): Promise<FullSessionStore> {
    const store = await this.openUninitialised(options);
    await store.init();
    return store;
  }

  /** Two stores on one backend; twice the same one where sessions are not shared. */
  async openTwo(options: StoreOptions = {}): Promise<[FullSessionStore, FullSessionStore]> {
    const store = await this.open(options);
    return [store, this.isShared ? await this.open(options) : store];
  }

  async driver(): Promise<Driver<Session>> {
    const driver = await this.#required('driver', 'makes a driver on the backend')();
    await driver.open?.(PATIENCE, () => {});
    this.#opened.push(driver);
    return readable(driver);
  }

  /** Two drivers on one backend; twice the same one where sessions are not shared. */
  async twoDrivers(): Promise<[Driver<Session>, Driver<Session>]> {
    const driver = await this.driver();
    return [driver, this.isShared ? await this.driver() : driver];
  }

  /** Processes of their own, each with a store on the backend. */
  async processes(count: number): Promise<StoreProcess[]> {
    const purpose = 'says how another process opens a store on the backend';
    const elsewhere = this.#required('elsewhere', purpose);
    const processes = Array.from({ length: count }, () => new StoreProcess());
    this.#opened.push(...processes);
    await Promise.all(processes.map((each) => each.open(elsewhere)));
    return processes;
  }

  async corrupt(id: string): Promise<void> {
    await this.#required('corrupt', 'makes the stored record of an id unreadable')(id);
  }

  async interrupt(): Promise<Interruption | { restore: Restore; deliver?: undefined }> {
    const interrupt = this.#required(
      'interrupt',
      'makes the backend unreachable and returns what undoes it',
    );
    const interruption = await interrupt();
    return typeof interruption === 'function' ? { restore: interruption } : interruption;
  }

  /** Whether all stores on the backend have the same sessions. */
  get isShared(): boolean {
    return this.capabilities !== undefined && this.capabilities.compareAndSet !== 'process';
  }

  /** Whether the backend is reached through a network. */
  get isRemote(): boolean {
    return this.capabilities?.compareAndSet === 'cluster';
  }

  #required<K extends 'driver' | 'elsewhere' | 'corrupt' | 'interrupt'>(
    name: K,
    purpose: string,
  ): NonNullable<Backend[K]> {
    const member = this.#backend[name];
    if (!member) {
      assert.fail(
        `the kit needs \`${name}\`, which ${purpose}, to check this promise of a store with ` +
          `capabilities ${JSON.stringify(this.capabilities)}; return it from \`backend()\``,
      );
    }
    const bound = typeof member === 'function' ? member.bind(this.#backend) : member;
    return bound as NonNullable<Backend[K]>;
  }

  async #end(): Promise<void> {
    const closed = await Promise.allSettled(this.#opened.map(async (each) => each.close?.()));
    await this.#backend.dispose?.();
    for (const each of closed) if (each.status === 'rejected') throw each.reason;
  }
}
