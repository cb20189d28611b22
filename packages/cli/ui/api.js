// What the page asks `sessions ui` for. The address of the page holds the token.
import { setClock } from './format.js';

/** Why there is no answer, with the code of the store's error. */
export class Failure extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ outcome?: string, idHash?: string }} [more]
   */
  constructor(code, message, { outcome, idHash } = {}) {
    super(message);
    this.code = code;
    this.outcome = outcome;
    this.idHash = idHash;
  }

  /** Whether it may help to ask again. */
  get isPassing() {
    return ['UNAVAILABLE', 'TIMEOUT', 'GONE', 'FAILED'].includes(this.code);
  }
}

/**
 * @param {string} path
 * @param {Record<string, string | null | undefined>} [query]
 * @param {RequestInit & { json?: unknown }} [init]
 * @returns {Promise<any>}
 */
export async function ask(path, query = {}, init = {}) {
  const answer = await (await request(path, query, init)).json();
  if (answer.now) setClock(answer.now);
  if (answer.code) throw new Failure(answer.code, answer.message, answer);
  return answer;
}

/**
 * The lines of an answer, parsed, some at a time as they come. Ending the loop gives the request up.
 * @param {string} path
 * @param {Record<string, string>} query
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<any[]>}
 */
export async function* lines(path, query, signal) {
  const { body } = await request(path, query, { signal });
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const texts = (rest + value).split('\n');
      rest = /** @type {string} */ (texts.pop());
      yield texts.map((text) => JSON.parse(text));
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Failure('GONE', GONE);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

const GONE = 'The command `sessions ui` does not answer. Has it ended?';

/**
 * @param {string} path
 * @param {Record<string, string | null | undefined>} query
 * @param {RequestInit & { json?: unknown }} init
 */
async function request(path, query, { json, ...init }) {
  const given = Object.entries(query).filter(([, value]) => typeof value === 'string');
  const search = new URLSearchParams(/** @type {[string, string][]} */ (given));
  const options = { cache: /** @type {const} */ ('no-store'), ...init };
  if (json !== undefined) {
    options.headers = { 'Content-Type': 'application/json' };
    options.body = JSON.stringify(json);
  }
  let response;
  try {
    response = await fetch(`api/${path}?${search}`, options);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new Failure('GONE', GONE);
  }
  if (response.ok) return response;
  const text = await response.text();
  if (!response.headers.get('Content-Type')?.startsWith('application/json')) {
    throw new Failure('REFUSED', text);
  }
  const problem = JSON.parse(text);
  throw new Failure(problem.code, problem.message, problem);
}
