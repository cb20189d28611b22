import type { Stats } from 'node:fs';
import type { SessionRecord } from '@sessions/core';

/** Bytes of all that it keeps, by and large. */
const MOST = 32 * 1024 * 1024;
const OVERHEAD = 512;
// A file that changed later than this before it was read may change again within one tick of the
// clock of its file system, without showing it.
const RECENT = 3000;
// Later than this, in 2109, Node does not tell one microsecond from the next.
const EXACT = 2 ** 42 * 1000;

interface Version {
  readonly record: SessionRecord;
  readonly size: number;
  readonly stamp: number;
  /** When it was put in place; unknown until it is seen there. */
  changed?: number;
}

/**
 * The time of modification, in microseconds. That of each version of a session is later than that of
 * the one before, so two versions are told apart whatever the clock does.
 */
export function stampOf({ mtimeMs }: Stats): number {
  return Math.floor(mtimeMs * 1000);
}

/**
 * Whether two versions may have this stamp. A file system that knows no later time, or no parts of a
 * second, has whole seconds.
 */
function isShared(stamp: number): boolean {
  return stamp > EXACT || stamp % 1e6 === 0;
}

/** A stamp for the version after the one with the stamp `before`. */
export function nextStamp(before: number): number {
  // The clock has milliseconds. Below that goes another one that all processes share.
  const [, nanoseconds] = process.hrtime();
  const now = Date.now() * 1000 + (Math.floor(nanoseconds / 1000) % 1000);
  return Math.max(now, before + 1);
}

/** What this process has last read or written: right as long as the file looks as it did. */
export class Known {
  readonly #versions = new Map<string, Version>();
  #bytes = 0;

  has(name: string): boolean {
    return this.#versions.has(name);
  }

  /** The session in the file that looks like this, if that is known. */
  find(name: string, stats: Stats): SessionRecord | undefined {
    const version = this.#versions.get(name);
    if (!version || version.size !== stats.size || version.stamp !== stampOf(stats)) return;
    version.changed ??= stats.ctimeMs;
    if (version.changed !== stats.ctimeMs) return;
    this.#versions.delete(name); // to the end, as the one used last
    this.#versions.set(name, version);
    return version.record;
  }

  /** `stats` are from before it was read. */
  haveRead(name: string, record: SessionRecord, stats: Stats): void {
    const { size, ctimeMs } = stats;
    if (Date.now() - ctimeMs < RECENT) this.forget(name);
    else this.#keep(name, { record, size, stamp: stampOf(stats), changed: ctimeMs });
  }

  haveWritten(name: string, record: SessionRecord, size: number, stamp: number): void {
    this.#keep(name, { record, size, stamp });
  }

  forget(name: string): void {
    const version = this.#versions.get(name);
    if (version && this.#versions.delete(name)) this.#bytes -= version.size + OVERHEAD;
  }

  #keep(name: string, version: Version): void {
    this.forget(name);
    if (isShared(version.stamp)) return;
    this.#versions.set(name, version);
    this.#bytes += version.size + OVERHEAD;
    for (const oldest of this.#versions.keys()) {
      if (this.#bytes <= MOST) break;
      this.forget(oldest);
    }
  }
}
