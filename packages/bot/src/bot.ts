import {
  Conversations,
  checkOptions,
  type Exclusive,
  type Session,
  type SessionStore,
  type State,
} from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';
import { type BotEvent, type Context, EventContext, type Reply } from './context.ts';

export interface BotOptions<T extends State = State, E extends BotEvent = BotEvent> {
  /** The store of the sessions; by default the memory of this process. */
  readonly sessionStore?: SessionStore | undefined;
  /** The state of a new conversation; `{}` by default. Its type is that of `context.state`. */
  readonly initialState?: T | undefined;
  /** Returns the session's id for an event, such as one for each chat; `event.sessionId` by default. */
  readonly sessionId?: ((event: E) => string) | undefined;
  /** Runs handlers of one conversation one after another in all processes: see `Conversations`. */
  readonly exclusive?: Exclusive | undefined;
  /** The clock of `lastActivity`, in milliseconds since 1970; `() => Date.now()` by default. */
  readonly now?: (() => number) | undefined;
}

const OPTIONS = ['sessionStore', 'initialState', 'sessionId', 'exclusive', 'now'];

/** A bot that knows no transport: you give it each event, and a function that replies. */
export class Bot<T extends State = State, E extends BotEvent = BotEvent> {
  /** The store that the bot uses. The bot never closes it. */
  readonly sessionStore: SessionStore;
  readonly #conversations: Conversations<T>;
  readonly #sessionId: (event: E) => string;
  readonly #now: () => number;
  #onEvent: ((context: Context<T, E>) => unknown) | undefined;
  #onError: ((error: unknown, event: E) => unknown) | undefined;

  constructor(options: BotOptions<T, E> = {}) {
    const {
      sessionStore,
      initialState,
      sessionId,
      exclusive,
      now = () => Date.now(),
      ...others
    } = options;
    // One that is misspelt would keep the sessions in memory, and nobody would notice.
    checkOptions('a bot', others, OPTIONS);
    checkFunction('now', now);
    if (sessionId !== undefined) checkFunction('sessionId', sessionId);
    this.sessionStore =
      sessionStore === undefined ? new MemorySessionStore(Infinity, { now }) : sessionStore;
    this.#conversations = new Conversations<T>(this.sessionStore, initialState, { exclusive });
    this.#sessionId = sessionId ?? ((event) => event.sessionId);
    this.#now = now;
  }

  /** The state of a conversation that has none yet, and after `resetState`; copied deeply. */
  setInitialState(state: T): this {
    this.#conversations.setInitialState(state);
    return this;
  }

  /** Sets the handler of events. A second one replaces the first. */
  onEvent(handler: (context: Context<T, E>) => unknown): this {
    checkFunction('an event handler', handler);
    this.#onEvent = handler;
    return this;
  }

  /**
   * Sets the handler of errors: those of the event handler and of the store while an event is handled.
   * Without one, `handle` rejects with them. A second one replaces the first.
   */
  onError(handler: (error: unknown, event: E) => unknown): this {
    checkFunction('an error handler', handler);
    this.#onError = handler;
    return this;
  }

  /**
   * Handles one event, and resolves when its handler has finished and the state is stored. Events
   * of one conversation are handled one after another, in the order of the calls. So a handler that
   * awaits another event of its own conversation waits for ever.
   *
   * Rejects with the error of the handler or of the store, unless `onError` takes it. Then nothing is
   * stored; with `outcome: 'unknown'` nobody can tell. Rejects with a `TypeError` when there is no
   * handler, or the arguments are no event and reply.
   */
  async handle(event: E, reply: Reply): Promise<void> {
    if (typeof event !== 'object' || event === null) throw new TypeError('an event is an object');
    checkFunction('reply', reply);
    const handler = this.#onEvent;
    if (!handler) throw new TypeError('the bot has no handler yet; give it one with onEvent');
    try {
      await this.#conversations.run(
        this.#sessionId(event),
        (conversation) => handler(new EventContext(conversation, event, reply)),
        this.#fieldsOf(event),
      );
    } catch (error) {
      if (!this.#onError) throw error;
      await this.#onError(error, event);
    }
  }

  /**
   * Runs a function for a conversation outside an event, such as for a timer or a webhook. It waits for
   * its turn with the events of that conversation, stores the state that the function sets, and resolves
   * with what it returns. `lastActivity` stays as it is. Without `reply`, `context.sendText` rejects.
   * Errors reach the caller, never `onError`.
   */
  async withContext<R>(
    sessionId: string,
    run: (context: Context<T, null>) => R | Promise<R>,
    reply?: Reply,
  ): Promise<R> {
    if (typeof run !== 'function') throw new TypeError('withContext takes a function');
    if (reply !== undefined) checkFunction('reply', reply);
    return this.#conversations.run(sessionId, (conversation) =>
      run(new EventContext(conversation, null, reply)),
    );
  }

  #fieldsOf({ platform, user }: E): Session {
    const fields: Session = {};
    if (platform !== undefined) fields.platform = platform;
    if (user !== undefined) fields.user = user;
    fields.lastActivity = this.#now();
    return fields;
  }
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`);
}
