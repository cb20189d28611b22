import type { Session, Version } from '@sessions/core';

/** What a listing shows of a session. Times are milliseconds since 1970. */
export interface Listed {
  readonly id: string;
  /** Of its JSON text, in UTF-8. */
  readonly bytes: number;
  /** `null` when it is not known. */
  readonly lastActivity: number | null;
  /** `null` for never; absent when the store does not tell. */
  readonly expiresAt?: number | null;
  readonly etag?: string;
}

/** `expiresIn`: minutes that sessions live after a write, if that is known. */
export async function* listed(
  versions: AsyncIterable<[id: string, version: Version]>,
  expiresIn?: number,
): AsyncGenerator<Listed> {
  for await (const [id, { session, expiresAt, etag }] of versions) {
    const lastActivity = lastActivityOf(session, expiresAt, expiresIn);
    yield { id, bytes: bytesOf(session), lastActivity, expiresAt, etag };
  }
}

export function bytesOf(session: Session): number {
  return Buffer.byteLength(JSON.stringify(session));
}

/** When somebody last used the session: as its bot says, or as its lifetime tells. */
export function lastActivityOf(
  { lastActivity }: Session,
  expiresAt: number | null,
  expiresIn: number | undefined,
): number | null {
  if (typeof lastActivity === 'number' && Number.isFinite(lastActivity)) return lastActivity;
  return expiresAt === null || expiresIn === undefined ? null : expiresAt - expiresIn * 60_000;
}
