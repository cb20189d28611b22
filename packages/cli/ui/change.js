// Renewing and deleting. Each resolves with why it was not done.
import { ask } from './api.js';
import { confirm } from './dom.js';
import { visible } from './format.js';

/**
 * @param {string} id
 * @param {number | null} minutes `null` for ever
 */
export function renew(id, minutes) {
  return attempt('touch', { id }, { method: 'POST', json: { minutes } });
}

/**
 * @param {string} id
 * @param {string | null} [etag] of the version that is shown; without it, whatever is there
 */
export async function remove(id, etag) {
  const what = etag
    ? 'It goes for good, if it is still the version that you see.'
    : 'The record cannot be read. It goes for good, whatever is in it.';
  if (!(await confirm(`Delete ${visible(id)}?`, what, 'Delete'))) return 'not deleted';
  return attempt('session', { id, etag }, { method: 'DELETE' });
}

/**
 * @param {string} path
 * @param {Record<string, string | null | undefined>} query
 * @param {RequestInit & { json?: unknown }} init
 */
async function attempt(path, query, init) {
  try {
    await ask(path, query, init);
    return undefined;
  } catch (error) {
    const { code, message, outcome } = /** @type {import('./api.js').Failure} */ (error);
    if (code === 'CONFLICT') return 'not done: another version is stored by now';
    return `${message}${outcome === 'unknown' ? ': nobody can tell whether it was done' : ''}`;
  }
}
