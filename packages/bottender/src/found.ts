import type { Session } from '@sessions/core';

/** What a store of Bottender holds under one name: a session, or what is none. */
export type Found =
  | {
      readonly id: string;
      readonly session: Session;
      /** Milliseconds since 1970, or `null` for never. */
      readonly expiresAt: number | null;
    }
  | Problem;

/** Something that could not be moved, and why. */
export interface Problem {
  /** The file, the key, the `_id` of the document or the id of the session. */
  readonly name: string;
  readonly problem: string;
}

/** The JSON object that a text is, or `undefined`. */
export function parse(text: string): Session | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/** Files and documents say when the session was last active; how long it lives is in the bot's settings. */
export function expiryOf({ lastActivity }: Session, minutes: number): number | null {
  return minutes > 0 && typeof lastActivity === 'number' ? lastActivity + minutes * 60_000 : null;
}
