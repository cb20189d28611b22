import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { hashId } from '@sessions/core';

const made: string[] = [];

/** A new folder, removed when the tests of this file are over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-file-'));
  made.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

export function fileOf(folder: string, id: string): string {
  const name = hashId(id);
  return join(folder, name.slice(0, 2), `${name}.json`);
}
