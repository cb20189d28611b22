import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

const beginning = join(tmpdir(), 'sessions-test-');
const made: string[] = [];

/** A new folder, removed when the tests of this file are over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(beginning);
  made.push(folder);
  return folder;
}

/** The path of a folder that is not there yet, in one that is removed as well. */
export function newFolder(): string {
  const folder = mkdtempSync(beginning);
  made.push(folder);
  return join(folder, 'new');
}

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});
