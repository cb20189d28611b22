import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';

/** What the kit opens in processes of their own. */
export function open({ folder, url, prefix }, options) {
  if (folder) return new FileSessionStore(folder, options);
  return new RedisSessionStore(url, { ...options, prefix });
}
