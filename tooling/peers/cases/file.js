import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LIFETIME_S, TIMEOUT_MS } from '../session.js';
import { bound, byHand, ofKeyv, ofUnstorage, promised } from './adapt.js';

const FLOOR = 'write-file-atomic + JSON';
const LOOSE = 'write-file-atomic + JSON, fsync: false';
const OURS = '@sessions/file';
const OURS_LOOSE = '@sessions/file, flush: false';
const FLUSHED = 'flushed';
const FOLDER_TOO = 'flushed, folder too';
const NOT = 'not flushed';

// Each is compared with the floor that promises about as much.
export const cases = [
  { name: FLOOR, does: 'write', durability: FLUSHED, open: atomic(true) },
  { name: 'session-file-store', does: 'write', durability: FLUSHED, floor: FLOOR, open: express },
  { name: OURS, does: 'write', durability: FOLDER_TOO, floor: FLOOR, open: ours(true) },
  { name: LOOSE, does: 'write', durability: NOT, open: atomic(false) },
  { name: 'keyv-file separatedFile', does: 'write', durability: NOT, floor: LOOSE, open: keyv },
  { name: 'unstorage fs', does: 'write', durability: NOT, floor: LOOSE, open: unstorage },
  { name: OURS_LOOSE, does: 'write', durability: NOT, floor: LOOSE, open: ours(false) },
  { name: FLOOR, does: 'update', durability: FLUSHED, open: byHand(atomic(true)) },
  { name: OURS, does: 'update', durability: FOLDER_TOO, floor: FLOOR, open: ours(true) },
  { name: LOOSE, does: 'update', durability: NOT, open: byHand(atomic(false)) },
  { name: OURS_LOOSE, does: 'update', durability: NOT, floor: LOOSE, open: ours(false) },
];

export async function openOurs({ folder }, flush = true) {
  const { FileSessionStore } = await import('@sessions/file');
  return new FileSessionStore(folder, {
    expiresIn: LIFETIME_S / 60,
    timeout: TIMEOUT_MS,
    flush,
  }).init();
}

function ours(flush) {
  return async (place) => bound(await openOurs(place, flush));
}

function atomic(fsync) {
  return async ({ folder }) => {
    const { default: writeFileAtomic } = await import('write-file-atomic');
    const file = (id) => join(folder, `${id}.json`);
    return {
      write: (id, session) => writeFileAtomic(file(id), JSON.stringify(session), { fsync }),
      read: async (id) => JSON.parse(await readFile(file(id), 'utf8')),
      close() {},
    };
  };
}

async function express({ folder }) {
  const { default: session } = await import('express-session');
  const { default: create } = await import('session-file-store');
  const Store = create(session);
  const options = { path: folder, ttl: LIFETIME_S, retries: 0, reapInterval: -1, logFn() {} };
  return promised(new Store(options));
}

async function keyv({ folder }) {
  const { Keyv } = await import('keyv');
  const { KeyvFile } = await import('keyv-file');
  const files = new KeyvFile({ filename: join(folder, 'sessions'), separatedFile: true });
  return ofKeyv(new Keyv({ store: files, ttl: LIFETIME_S * 1000 }));
}

async function unstorage({ folder }) {
  const { createStorage } = await import('unstorage');
  const { default: driver } = await import('unstorage/drivers/fs');
  return ofUnstorage(createStorage({ driver: driver({ base: folder }) }));
}
