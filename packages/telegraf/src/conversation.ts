import {
  type Conversation,
  Conversations,
  checkOptions,
  type FullSessionStore,
  type SessionStore,
  type State,
} from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns } from '@sessions/lease';
import type { Context, MiddlewareFn } from 'telegraf';

/** A context with the conversation of its update. */
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
  /** The name of the member of the context; `conversation` by default. */
  readonly property?: P | undefined;
  /** One update of a conversation at a time, in all processes: `true`, or options; `false` by default. */
  readonly exclusive?: boolean | ExclusiveOptions | undefined;
}

/** The state that the flavor of the context names. */
type StateOf<C, P extends string> = C extends ConversationFlavor<infer T, P> ? T : never;

/**
 * Makes a middleware that gives the context its conversation, with `state`, `setState` and `resetState`.
 * When the middleware behind it has finished, it stores what was set; when that throws, nothing.
 * In this process updates of one conversation are handled one after another. Updates without a key
 * pass through.
 */
export function conversation<C extends Context = Context, P extends string = 'conversation'>(
  store: SessionStore,
  options: ConversationOptions<C, P> = {},
): MiddlewareFn<C> {
  checkOptions('conversation', options, ['initial', 'getSessionKey', 'property', 'exclusive']);
  const { initial = () => ({}), getSessionKey = defaultKey, property = 'conversation' } = options;
  const exclusive =
    options.exclusive && exclusiveRuns(store as FullSessionStore, options.exclusive);
  const conversations = new Conversations(store, initial(), exclusive ? { exclusive } : {});
  return async (ctx, next) => {
    const key = await getSessionKey(ctx);
    if (!key) {
      const get = () => {
        throw new TypeError('this update has no conversation: it has no session key');
      };
      Object.defineProperty(ctx, property, { get, configurable: true });
      return next();
    }
    conversations.setInitialState(initial());
    await conversations.run(key, (value) => {
      Object.defineProperty(ctx, property, { value, configurable: true });
      return next();
    });
  };
}

export const defaultKey = ({ from, chat }: Context): Key => from && chat && `${from.id}:${chat.id}`;
