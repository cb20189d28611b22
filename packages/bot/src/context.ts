import type { Conversation, Session, State, StateChange } from '@sessions/core';

/** The person who talks to the bot. It is stored as `user` in the session, with all its members. */
export interface BotUser {
  readonly id: string | number;
  readonly name?: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: so that an interface, which has no index signature, fits
  readonly [member: string]: any;
}

/** An event of a transport, such as a message. It may have more members. */
export interface BotEvent {
  /** The conversation that the event belongs to, unless the bot chooses another one. */
  readonly sessionId: string;
  /** Where the event comes from, such as `telegram`. Stored in the session. */
  readonly platform?: string | undefined;
  /** Who has sent it. Stored in the session. */
  readonly user?: BotUser | undefined;
  /** The text of the message. */
  readonly text?: string | undefined;
}

/** Sends one text back to where an event came from. What it returns is awaited. */
export type Reply = (text: string) => unknown;

/** One conversation while one event is handled; `event` is `null` outside an event. */
export interface Context<T extends State = State, E extends BotEvent | null = BotEvent>
  extends Conversation<T> {
  readonly event: E;
  /**
   * Replies, and resolves when `Reply` does. Rejects with the error of `Reply`, and with a `TypeError`
   * when the text is no string or there is nobody to reply to.
   */
  sendText(text: string): Promise<void>;
}

/** A core conversation together with the event and the way back. */
export class EventContext<T extends State, E extends BotEvent | null> implements Context<T, E> {
  readonly event: E;
  readonly #conversation: Conversation<T>;
  readonly #reply: Reply | undefined;

  constructor(conversation: Conversation<T>, event: E, reply: Reply | undefined) {
    this.event = event;
    this.#conversation = conversation;
    this.#reply = reply;
  }

  get id(): string {
    return this.#conversation.id;
  }

  get session(): Readonly<Session> | null {
    return this.#conversation.session;
  }

  get signal(): AbortSignal {
    return this.#conversation.signal;
  }

  get state(): Readonly<T> {
    return this.#conversation.state;
  }

  setState(change: StateChange<T>): void {
    this.#conversation.setState(change);
  }

  resetState(): void {
    this.#conversation.resetState();
  }

  async sendText(text: string): Promise<void> {
    if (typeof text !== 'string') throw new TypeError(`a text is a string, not ${typeof text}`);
    if (!this.#reply) {
      throw new TypeError('there is nobody to reply to; pass a reply function to withContext');
    }
    await this.#reply(text);
  }
}
