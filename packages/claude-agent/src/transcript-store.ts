import { randomUUID } from 'node:crypto';
import { checkOptions, type FullSessionStore, SessionError } from '@sessions/core';
import { History } from '@sessions/history';

/** The SDK's `SessionKey`: it names a transcript, or with `subpath` that of a subagent. */
export interface TranscriptKey {
  readonly projectKey: string;
  readonly sessionId: string;
  readonly subpath?: string;
}

/** The SDK's `SessionStoreEntry`: one line of a transcript. */
export interface TranscriptEntry {
  type: string;
  uuid?: string;
  timestamp?: string;
  [member: string]: unknown;
}

export interface TranscriptStoreOptions {
  /** The beginning of its ids in the store; `claude:` by default. */
  readonly prefix?: string | undefined;
  /** Minutes that a transcript lives after its last entry; one year (525,600) by default. */
  readonly expiresIn?: number | undefined;
  /** The clock of the store, in milliseconds since 1970; `() => Date.now()` by default. */
  readonly now?: (() => number) | undefined;
}

/**
 * The `sessionStore` of the Claude Agent SDK, on any full store. Each call is one step, whatever other
 * processes do, apart from `delete` of a session with subagents. Methods reject as the store does.
 */
export class TranscriptStore {
  readonly #history: History<TranscriptEntry>;
  /** What names an entry without a `uuid` whose append has failed: it may have been stored. */
  readonly #failed = new WeakMap<TranscriptEntry, string>();

  constructor(store: FullSessionStore, options: TranscriptStoreOptions = {}) {
    checkOptions('a store of transcripts', options, ['prefix', 'expiresIn', 'now']);
    this.#history = new History(store, { prefix: 'claude:', ...options });
  }

  /**
   * Puts entries at the end, but leaves out those whose `uuid` is there already. After a failure you may
   * append the same entry objects again. Then those without a `uuid` are there once, too.
   */
  async append(key: TranscriptKey, entries: TranscriptEntry[]): Promise<void> {
    const names = new Map(
      entries
        .filter(({ uuid }) => !uuid)
        .map((entry) => [entry, this.#failed.get(entry) ?? randomUUID()]),
    );
    const operationId = (entry: TranscriptEntry) => entry.uuid || names.get(entry);
    try {
      await this.#history.append(idOf(key), entries, { operationId });
      for (const entry of names.keys()) this.#failed.delete(entry);
    } catch (error) {
      for (const [entry, name] of names) this.#failed.set(entry, name);
      throw error;
    }
  }

  /** All entries, the oldest first; `null` when there are none. */
  async load(key: TranscriptKey): Promise<TranscriptEntry[] | null> {
    const entries = await this.#history.items(idOf(key));
    return entries.length > 0 ? entries : null;
  }

  /** The sessions of a project, and when their last entry came, in milliseconds since 1970. */
  async listSessions(projectKey: string): Promise<{ sessionId: string; mtime: number }[]> {
    const prefix = `${MAIN}${escaped(projectKey)}/`;
    const sessions = [];
    for await (const [id, { changedAt }] of this.#history.list({ prefix })) {
      sessions.push({ sessionId: unescaped(id.slice(prefix.length)), mtime: changedAt });
    }
    return sessions;
  }

  /** Removes a transcript and those of its subagents; with `subpath` only that of this subagent. */
  async delete(key: TranscriptKey): Promise<void> {
    if (key.subpath === undefined) {
      // Before the session itself, so that one that is left by a crash is still listed.
      for (const subpath of await this.listSubkeys(key)) {
        await this.#history.clear(idOf({ ...key, subpath }));
      }
    }
    await this.#history.clear(idOf(key));
  }

  /** The subpaths of the subagents of a session. */
  async listSubkeys({ projectKey, sessionId }: TranscriptKey): Promise<string[]> {
    const prefix = `${SUBAGENT}${escaped(projectKey)}/${escaped(sessionId)}/`;
    const subpaths = [];
    for await (const [id] of this.#history.list({ prefix })) subpaths.push(id.slice(prefix.length));
    return subpaths;
  }
}

// Apart from each other, so that sessions are listed without their subagents.
const MAIN = 'session/';
const SUBAGENT = 'subagent/';

function idOf({ projectKey, sessionId, subpath }: TranscriptKey): string {
  const id = `${escaped(projectKey)}/${escaped(sessionId)}`;
  return subpath === undefined ? MAIN + id : `${SUBAGENT}${id}/${checked(subpath)}`;
}

/** Without slashes, so that each key has an id of its own. */
const escaped = (part: string) => checked(part).replace(/[%/]/g, encodeURIComponent);
const unescaped = (part: string) => part.replace(/%25|%2F/g, decodeURIComponent);

function checked(part: string): string {
  if (typeof part === 'string' && part !== '' && part.isWellFormed()) return part;
  throw new SessionError('INVALID_ID', 'a part of the key is empty, or no Unicode text');
}
