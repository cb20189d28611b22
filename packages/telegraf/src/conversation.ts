import {
  type Conversation,
  Conversations,
  checkOptions,
  type Exclusive,
  type SessionStore,
  type State,
} from '@sessions/core';
import type { Context, MiddlewareFn } from 'telegraf';

/** A context that has the conversation of its update. */
export type ConversationFlavor<T extends State = State, P extends string = 'conversation'> = {
  /** Throws a `TypeError` for an update without a key. */
  readonly [K in P]: Conversation<T>;
};

export interface KeyOptions<C extends Context = Context> {
  /** The id of the session of an update, or `undefined`; by default that of `session()`. */
  readonly getSessionKey?: ((ctx: C) => Key | Promise<Key>) | undefined;
}

type Key = string | undefined;

export interface ConversationOptions<C extends Context = Context, P extends string = 'conversation'>
  extends KeyOptions<C> {
  /** The state of a conversation that has none yet, and after `resetState`; `{}` by default. */
  readonly initial?: (() => StateOf<C, P>) | undefined;
  /** The member of the context that is the conversation; `conversation` by default. */
  readonly property?: P | undefined;
  /** Runs the handlers of one conversation one after another over processes: see `Conversations`. */
  readonly exclusive?: Exclusive | undefined;
}

/** The state that the flavor of the context names. */
type StateOf<C, P extends string> = C extends ConversationFlavor<infer T, P> ? T : never;

/**
 * A middleware that gives the context its conversation, with `state`, `setState` and `resetState`,
 * and stores what was set once the middleware behind it has finished; nothing when that throws.
 * Updates of one conversation are handled one after another in this process. Those without a key
 * pass through.
 */
export function conversation<C extends Context = Context, P extends string = 'conversation'>(
  store: SessionStore,
  options: ConversationOptions<C, P> = {},
): MiddlewareFn<C> {
  checkOptions('conversation', options, ['initial', 'getSessionKey', 'property', 'exclusive']);
  const { initial = () => ({}), getSessionKey = defaultKey, property = 'conversation' } = options;
  const conversations = new Conversations(store, initial(), { exclusive: options.exclusive });
  return async (ctx, next) => {
    const key = await getSessionKey(ctx);
    if (!key) {
      const get = () => {
        throw new TypeError('this update has no conversation: it has no session key');
      };
      Object.defineProperty(ctx, property, { get });
      return next();
    }
    conversations.setInitialState(initial());
    await conversations.run(key, (value) => {
      Object.defineProperty(ctx, property, { value });
      return next();
    });
  };
}

export const defaultKey = ({ from, chat }: Context): Key => from && chat && `${from.id}:${chat.id}`;
