import {
  applyPut,
  type Capabilities,
  type Driver,
  type DriverEntry,
  type SessionRecord,
} from '../src/index.ts';

/** A driver that keeps records as text in a map, which several stores may share. */
export class MapDriver implements Driver {
  readonly capabilities: Capabilities = { compareAndSet: 'process', survives: 'nothing' };
  readonly records: Map<string, string>;

  constructor(records: Map<string, string> = new Map()) {
    this.records = records;
  }

  async get(id: string): Promise<SessionRecord | null> {
    return this.peek(id);
  }

  async put(
    id: string,
    record: SessionRecord,
    expected: string | null | undefined,
  ): Promise<boolean> {
    const next = applyPut(this.peek(id), record, expected);
    if (typeof next === 'object') this.records.set(id, JSON.stringify(next));
    return next !== 'conflict';
  }

  async delete(id: string, expected?: string): Promise<boolean> {
    const current = this.peek(id);
    if (expected !== undefined && current?.etag !== expected) return false;
    this.records.delete(id);
    return true;
  }

  async *entries(): AsyncGenerator<DriverEntry> {
    for (const id of this.records.keys()) yield [id, this.peek(id) as SessionRecord];
  }

  peek(id: string): SessionRecord | null {
    return JSON.parse(this.records.get(id) ?? 'null');
  }
}
