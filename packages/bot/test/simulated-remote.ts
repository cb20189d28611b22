import {
  applyPut,
  type Capabilities,
  type Driver,
  type DriverEntry,
  type SessionRecord,
} from '@sessions/core';
import type { Scheduler } from 'fast-check';

export const faults = [
  ...Array<'none'>(6).fill('none'),
  'lost before it was applied',
  'lost after it was applied',
  'sent twice, the second answer counts',
  'lost, and applied again later',
  'lost, and applied only later',
] as const;
export type Fault = (typeof faults)[number];

/**
 * A backend behind a bad network: commands arrive and answers return in an order that the
 * scheduler chooses, and each meets the next fault. Several stores share one map of records.
 */
export class SimulatedRemote implements Driver {
  readonly capabilities: Capabilities = { compareAndSet: 'cluster', survives: 'process-crash' };
  readonly #records: Map<string, string>;
  readonly #scheduler: Scheduler;
  readonly #faults: Iterator<Fault>;

  constructor(records: Map<string, string>, scheduler: Scheduler, faults: Iterator<Fault>) {
    this.#records = records;
    this.#scheduler = scheduler;
    this.#faults = faults;
  }

  get(id: string): Promise<SessionRecord | null> {
    // Reads meet one fault in seven, so that most operations come to their write.
    const fault = this.#faults.next().value;
    const met = fault === 'lost before it was applied' ? fault : 'none';
    return this.#send('get', () => this.#peek(id), met);
  }

  put(id: string, record: SessionRecord, expected: string | null | undefined): Promise<boolean> {
    return this.#send('put', () => {
      const next = applyPut(this.#peek(id), record, expected);
      if (typeof next === 'object') this.#records.set(id, JSON.stringify(next));
      return next !== 'conflict';
    });
  }

  delete(id: string, expected: string | undefined): Promise<boolean> {
    return this.#send('delete', () => {
      const current = this.#peek(id);
      if (expected !== undefined && current?.etag !== expected) return false;
      this.#records.delete(id);
      return true;
    });
  }

  *entries(): Generator<DriverEntry> {
    for (const id of this.#records.keys()) yield [id, this.#peek(id) as SessionRecord];
  }

  async #send<T>(
    command: string,
    apply: () => T,
    fault: Fault = this.#faults.next().value,
  ): Promise<T> {
    await this.#travel(`${command} arrives`);
    if (fault === 'lost before it was applied') throw new Error(fault);
    if (fault === 'lost, and applied only later') {
      void this.#travel(`${command} arrives late`).then(apply);
      throw new Error(fault);
    }
    const first = apply();
    if (fault === 'lost, and applied again later') {
      void this.#travel(`${command} arrives again`).then(apply);
    }
    const answer = fault === 'sent twice, the second answer counts' ? apply() : first;
    await this.#travel(`the answer to ${command} returns`);
    if (fault.startsWith('lost')) throw new Error(fault);
    return answer;
  }

  #travel(label: string): Promise<void> {
    return this.#scheduler.schedule(Promise.resolve(), label);
  }

  #peek(id: string): SessionRecord | null {
    return JSON.parse(this.#records.get(id) ?? 'null');
  }
}
