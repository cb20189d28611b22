import { PostgresSessionStore } from '@sessions/postgres';

/** What the kit opens in processes of their own. */
export const open = ({ url, table }, options) =>
  new PostgresSessionStore(url, { ...options, table });
