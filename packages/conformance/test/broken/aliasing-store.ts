import type { Session } from '@sessions/core';
import { MapStore } from '../fixtures/map-store.ts';

/** Keeps the objects that it is given, in place of copies. */
export class AliasingStore extends MapStore {
  protected sessions: Map<string, Session> = new Map();

  override async read(id: string): Promise<Session | null> {
    return this.sessions.get(id) ?? null;
  }

  override async write(id: string, session: Session): Promise<void> {
    this.sessions.set(id, session);
  }

  override async destroy(id: string): Promise<void> {
    this.sessions.delete(id);
  }

  override async all(): Promise<Session[]> {
    return [...this.sessions.values()];
  }
}
