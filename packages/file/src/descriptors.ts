import fs from 'node:fs';
import { promisify } from 'node:util';

// A `FileHandle` takes twice the time of these. To close a file takes no time, so that is done at once.
export const open: (path: string, flags: string | number) => Promise<number> = promisify(fs.open);
export const fstat: (file: number) => Promise<fs.Stats> = promisify(fs.fstat);
export const fchmod: (file: number, mode: number) => Promise<void> = promisify(fs.fchmod);
export const fsync: (file: number) => Promise<void> = promisify(fs.fsync);
export const futimes: (file: number, seen: number, changed: number) => Promise<void> = promisify(
  fs.futimes,
);

const read = promisify(fs.read);
const write = promisify(fs.write);

/** Reads up to `length` bytes from the start, as many as there are. */
export async function readStart(file: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await read(file, bytes, at, length - at, at);
    if (bytesRead === 0) return bytes.subarray(0, at); // somebody cuts it off
    at += bytesRead;
  }
  return bytes;
}

/** Writes all of it, or fails: a disk that is almost full takes a part, and says so only here. */
export async function writeAll(file: number, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await write(file, bytes, at, bytes.length - at, at);
    at += bytesWritten;
  }
}
