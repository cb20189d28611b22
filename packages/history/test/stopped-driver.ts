import type { SessionRecord } from '@sessions/core';
import { MapDriver } from '../../core/test/map-driver.ts';

/** A backend that one process cannot reach any more from its write of this number on, as if it had died. */
export class StoppedDriver extends MapDriver {
  writes = 0;
  /** Is called when it stops. */
  onStop = () => {};
  readonly #last: number;
  readonly #isApplied: boolean;

  /** The last write may have been applied or not. */
  constructor(records: Map<string, string>, last: number, isApplied: boolean) {
    super(records);
    this.#last = last;
    this.#isApplied = isApplied;
  }

  override async get(id: string): Promise<SessionRecord | null> {
    if (this.writes >= this.#last) throw new Error('stopped');
    return super.get(id);
  }

  override async put(id: string, record: SessionRecord, expected: string | null | undefined) {
    return this.#write(() => super.put(id, record, expected));
  }

  override async delete(id: string, expected?: string) {
    return this.#write(() => super.delete(id, expected));
  }

  async #write(write: () => Promise<boolean>): Promise<boolean> {
    this.writes++;
    if (this.writes > this.#last) throw new Error('stopped');
    if (this.writes < this.#last) return write();
    if (this.#isApplied) await write();
    this.onStop();
    throw new Error('stopped');
  }
}

/** A backend whose writes wait while `hold` says so of their ids. */
export class HeldDriver extends MapDriver {
  hold: (id: string) => boolean = () => false;
  readonly #waiting: (() => void)[] = [];
  #onWait = () => {};

  override async put(id: string, record: SessionRecord, expected: string | null | undefined) {
    if (this.hold(id)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#onWait();
      });
    }
    return super.put(id, record, expected);
  }

  /** Resolves when a write waits. */
  async waits(): Promise<void> {
    if (this.#waiting.length > 0) return;
    await new Promise<void>((resolve) => {
      this.#onWait = resolve;
    });
  }

  release(): void {
    this.hold = () => false;
    for (const go of this.#waiting.splice(0)) go();
  }
}
