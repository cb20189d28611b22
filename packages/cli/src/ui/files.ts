import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';

const FOLDER = new URL('../../ui/', import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface File {
  readonly type: string;
  /** Compressed: every browser takes gzip. */
  readonly body: Buffer;
}

/**
 * The files of the page by their names; the page itself is `''`. They are all there is: no path of a
 * request ever reaches the file system.
 */
export function readFiles(): ReadonlyMap<string, File> {
  const files = new Map<string, File>();
  for (const name of readdirSync(FOLDER)) {
    const type = TYPES[extname(name)];
    if (!type) continue;
    const body = gzipSync(readFileSync(new URL(name, FOLDER)));
    files.set(name === 'index.html' ? '' : name, { type, body });
  }
  return files;
}
