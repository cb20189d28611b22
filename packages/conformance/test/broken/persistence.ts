import type { Session, SessionRecord } from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import { BreakableStore, type Broken, brokenDriver, brokenStore, type Expected } from './broken.ts';

export const brokenPersistence: readonly Broken[] = [
  brokenStore(
    'keeps what it has read',
    ['one store sees at once what another has acknowledged'],
    class extends BreakableStore {
      readonly #cache = new Map<string, Session>();
      override async read(id: string): Promise<Session | null> {
        const session = this.#cache.get(id) ?? (await super.read(id));
        if (session) this.#cache.set(id, session);
        return structuredClone(session);
      }
    },
  ),

  brokenDriver(
    'starts empty when it is opened',
    ['what was written is there when the store is opened again'],
    class extends ServerDriver {
      override open(): void {
        this.server.texts.clear();
      }
    },
  ),
  brokenDriver(
    'writes when it is closed',
    ['what was written is there when the store is opened again'],
    class extends ServerDriver {
      readonly #unwritten = new Map<string, string>();
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        const isDone = await super.put(id, record, expected);
        this.#unwritten.set(id, this.server.texts.get(id) ?? '');
        return isDone;
      }
      close(): void {
        for (const id of this.#unwritten.keys()) this.server.texts.delete(id);
      }
    },
  ),
  brokenDriver(
    'starts all lifetimes anew when it is opened',
    ['lifetimes go on while the store is closed'],
    class extends ServerDriver {
      override open(): void {
        for (const [id, text] of this.server.texts) {
          const record = JSON.parse(text);
          this.server.texts.set(id, JSON.stringify({ ...record, expiresAt: null }));
        }
      }
    },
  ),
];
