import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { MINUTE } from './clock.ts';
import type { ReadableDriver, ReadableEntry, ReadableRecord } from './readable-driver.ts';
import { sameJson } from './same-json.ts';

export function newEtag(): string {
  return randomBytes(12).toString('base64url');
}

export function newRecord(session: ReadableRecord['session']): ReadableRecord {
  return { session, expiresAt: Date.now() + 60 * MINUTE, etag: newEtag(), history: [] };
}

export async function answers(
  expected: boolean,
  what: string,
  answer: boolean | PromiseLike<boolean>,
): Promise<void> {
  sameJson(await answer, expected, `${what} should answer ${expected}`);
}

export function holds(
  actual: ReadableRecord | null,
  expected: ReadableRecord | undefined,
  what: string,
): void {
  assert.ok(actual, `${what}: there is none`);
  for (const member of ['session', 'expiresAt', 'etag', 'history'] as const) {
    sameJson(actual[member], expected?.[member], `${what}, ${member}`);
  }
}

export async function entriesOf(driver: ReadableDriver): Promise<[id: string, ReadableRecord][]> {
  const entries: [string, ReadableRecord][] = [];
  for await (const entry of driver.entries('')) {
    if (entry === null) continue;
    assert.ok(isPair(entry), `entries gave ${entry} in place of a record`);
    entries.push([entry[0], entry[1]]);
  }
  return entries;
}

function isPair(entry: ReadableEntry): entry is readonly [string, ReadableRecord] {
  return Array.isArray(entry);
}
