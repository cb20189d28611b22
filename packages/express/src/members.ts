import type { SessionData } from 'express-session';

/** The members of a session, each as JSON text. */
export type Members = ReadonlyMap<string, string>;

export function membersOf(session: SessionData): Members {
  const texts = Object.entries(session).map(([name, value]) => [name, JSON.stringify(value)]);
  return new Map(texts.filter(([, text]) => text !== undefined) as [string, string][]);
}

/** What is stored by now, with what has changed from `before` to `after`. */
export function merge(stored: SessionData, before: Members, after: Members): SessionData {
  const merged = new Map<string, unknown>(Object.entries(stored));
  for (const name of before.keys()) {
    if (!after.has(name)) merged.delete(name);
  }
  for (const [name, text] of after) {
    if (before.get(name) !== text) merged.set(name, JSON.parse(text));
  }
  return Object.fromEntries(merged) as unknown as SessionData;
}
