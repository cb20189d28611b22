import { join } from 'node:path';
import { hashId } from '@sessions/core';

export function fileOf(folder: string, id: string): string {
  const name = hashId(id);
  return join(folder, name.slice(0, 2), `${name}.json`);
}
