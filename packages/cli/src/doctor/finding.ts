import { createRequire } from 'node:module';
import type { Opened } from '../open.ts';

/** One thing that a doctor has looked at. */
export interface Finding {
  /** `look`: it may cost sessions, or somebody's time. `unknown`: it could not be found out. */
  readonly level: 'ok' | 'look' | 'bad' | 'unknown';
  readonly what: string;
  readonly says: string;
}

/** Looks at what the backend of a store is and how it is set up, and changes nothing. */
export type Doctor = (opened: Opened) => AsyncGenerator<Finding>;

export const ok = (what: string, says: string): Finding => ({ level: 'ok', what, says });
export const look = (what: string, says: string): Finding => ({ level: 'look', what, says });
export const bad = (what: string, says: string): Finding => ({ level: 'bad', what, says });
export const unknown = (what: string, says: string): Finding => ({ level: 'unknown', what, says });

/** The client that the driver's package uses. */
// biome-ignore lint/suspicious/noExplicitAny: of whichever version it is
export function clientOf({ file }: Opened, name: string): any {
  return createRequire(file as string)(name);
}

const MOST_MS = 1000;

/** How far the server's clock is from ours, if its time came at `at` and was asked for at `asked`. */
export function clockFinding(serverMs: number, askedAt: number, answeredAt: number): Finding {
  const off = Math.round(serverMs - (askedAt + answeredAt) / 2);
  const says = `the server's is ${Math.abs(off)} ms ${off < 0 ? 'behind' : 'ahead of'} this host's`;
  return Math.abs(off) > MOST_MS
    ? look('clock', `${says}: sessions expire by both`)
    : ok('clock', says);
}
