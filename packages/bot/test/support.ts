import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Session, SessionStore } from '@sessions/core';
import type { Context } from '../src/index.ts';

/** A store as a user writes it: the five methods, and values that are not even copied. */
export class HandWrittenStore implements SessionStore {
  readonly sessions = new Map<string, Session>();

  async init(): Promise<this> {
    return this;
  }

  async read(id: string): Promise<Session | null> {
    return this.sessions.get(id) ?? null;
  }

  async write(id: string, session: Session): Promise<void> {
    this.sessions.set(id, session);
  }

  async destroy(id: string): Promise<void> {
    this.sessions.delete(id);
  }

  async all(): Promise<Session[]> {
    return [...this.sessions.values()];
  }
}

/** A store whose disk, network or server is away while `broken` names a method. */
export class BrokenStore extends HandWrittenStore {
  readonly error: Error = new Error('the disk is gone');
  broken: 'init' | 'read' | 'write' | undefined;

  override async init(): Promise<this> {
    if (this.broken === 'init') throw this.error;
    return this;
  }

  override async read(id: string): Promise<Session | null> {
    if (this.broken === 'read') throw this.error;
    return super.read(id);
  }

  override async write(id: string, session: Session): Promise<void> {
    if (this.broken === 'write') throw this.error;
    return super.write(id, session);
  }
}

/** Something to wait for, and the way to let it happen. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** Lets everybody through once so many have come. */
export class Barrier {
  #missing: number;
  readonly #gate: Gate = new Gate();

  constructor(parties: number) {
    this.#missing = parties;
  }

  async pass(): Promise<void> {
    this.#missing--;
    if (this.#missing === 0) this.#gate.open();
    await this.#gate.opened;
  }
}

export function silent(): void {}

/** The conversation of the documents, which both consoles talk. */
export async function nickname(context: Context): Promise<void> {
  if (context.state.asking) {
    context.setState({ nickname: context.event.text, asking: false });
    await context.sendText(`Hello ${context.state.nickname}`);
  } else {
    context.resetState();
    context.setState({ asking: true });
    await context.sendText("Hi, what's your nickname?");
  }
}

/** Keeps what a stream says, and waits until it has said a certain text after all seen before. */
export class Transcript {
  text: string = '';
  #seen = 0;
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream.setEncoding('utf8').on('data', (chunk) => {
      this.text += chunk;
    });
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text, this.#seen)) await once(this.#stream, 'data');
    this.#seen = this.text.indexOf(text, this.#seen) + text.length;
  }
}
