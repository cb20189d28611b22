import { FileSessionStore } from '@sessions/file';

/** What the kit opens in processes of their own. */
export function open({ folder, flush }, options) {
  return new FileSessionStore(folder, { ...options, flush });
}
