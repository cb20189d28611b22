import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SessionStore } from '@sessions/core';
import { isFull } from '../context.ts';
import { Refusal, send, sendError, sendFile, sendJson } from './answer.ts';
import { type File, readFiles } from './files.ts';
import { admit, newToken } from './guard.ts';
import { sendListing, type Unreadable } from './listing.ts';
import { deleteSession, sendSession, touchSession, writeSession } from './session.ts';

export interface UiOptions {
  /** Whether the page may change sessions; it only looks by default. */
  readonly write?: boolean | undefined;
  /** The port on 127.0.0.1; a free one by default. */
  readonly port?: number | undefined;
  /** What the page calls the store: no secret. */
  readonly name?: string | undefined;
  /** Minutes that the bot's sessions live after a write, if that is known. */
  readonly expiresIn?: number | undefined;
  /** The clock of the store, in milliseconds since 1970; `Date.now` by default. */
  readonly now?: (() => number) | undefined;
  /** Takes out of a text what is secret. */
  readonly hide?: ((text: string) => string) | undefined;
}

/** The page while it is served. */
export interface Ui extends AsyncDisposable {
  /** Where it is. Whoever has this address sees the sessions. */
  readonly url: string;
  /** To be told of each record that a listing cannot read: the SHA-256 of its id, if that is known. */
  readonly unreadable: (idHash: string | undefined) => void;
  /** Stops serving, and what the page was asking for. The store stays open. */
  close(): Promise<void>;
}

/**
 * Serves a page to look at the store, on 127.0.0.1 alone, at an address with a new random token.
 * Rejects as `listen` does, with `EADDRINUSE` when somebody has the port.
 */
export async function startUi(store: SessionStore, options: UiOptions = {}): Promise<Ui> {
  const page = new Page(store, options);
  const server = createServer((request, response) => void page.answer(request, response));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${page.token}/`,
    unreadable: (idHash) => {
      for (const hear of page.unreadable) hear(idHash);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

class Page {
  readonly token: string = newToken();
  readonly unreadable: Unreadable = new Set();
  readonly #files: ReadonlyMap<string, File> = readFiles();
  readonly #store: SessionStore;
  readonly #write: boolean;
  readonly #name: string;
  readonly #expiresIn: number | undefined;
  readonly #now: () => number;
  readonly #hide: (text: string) => string;

  constructor(store: SessionStore, options: UiOptions) {
    this.#store = store;
    this.#write = options.write === true && isFull(store);
    this.#name = options.name ?? '';
    this.#expiresIn = options.expiresIn;
    this.#now = options.now ?? (() => Date.now());
    this.#hide = options.hide ?? ((text) => text);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const admitted = admit(request, this.token);
    if ('refused' in admitted) return send(response, 403, TEXT, `${admitted.refused}.\n`);
    try {
      await this.#route(request, response, admitted.path, admitted.query);
    } catch (error) {
      if (!response.headersSent) sendError(response, error, this.#hide);
      else response.destroy();
    }
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const [store, now, expiresIn] = [this.#store, this.#now, this.#expiresIn];
    const call = { store, request, response, query, now, expiresIn };
    const file = this.#files.get(path);
    if (request.method === 'GET' && file) return sendFile(response, file);
    switch (`${request.method} ${path}`) {
      case 'GET api/store': {
        const about = { name: this.#name, write: this.#write, versions: isFull(store) };
        return sendJson(response, 200, { ...about, expiresIn: expiresIn ?? null, now: now() });
      }
      case 'GET api/sessions': {
        if (!isFull(store)) throw new Refusal(501, 'NO_LISTING', 'this store cannot list its ids');
        const prefix = query.get('prefix') ?? '';
        const { unreadable } = this;
        const listing = { store, prefix, now, expiresIn, unreadable, hide: this.#hide };
        return sendListing(response, listing);
      }
      case 'GET api/session':
        return sendSession(call);
      case 'PUT api/session':
        return this.#change(writeSession, call);
      case 'DELETE api/session':
        return this.#change(deleteSession, call);
      case 'POST api/touch':
        return this.#change(touchSession, call);
      default:
        throw new Refusal(404, 'NOT_FOUND', 'there is no such page');
    }
  }

  #change<C>(change: (call: C) => Promise<void>, call: C): Promise<void> {
    if (this.#write) return change(call);
    throw new Refusal(403, 'READ_ONLY', 'only `sessions ui --write` may change sessions');
  }
}

const TEXT = 'text/plain; charset=utf-8';
