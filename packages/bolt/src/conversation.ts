import {
  type Conversation,
  Conversations,
  checkOptions,
  type FullSessionStore,
  type SessionStore,
  type State,
} from '@sessions/core';
import { type ExclusiveOptions, exclusiveRuns } from '@sessions/lease';
import type { AllMiddlewareArgs, AnyMiddlewareArgs, Middleware } from '@slack/bolt';

/** The context of an event with its conversation: `new App<ConversationContext<MyState>>(…)`. */
export type ConversationContext<T extends State = State> = {
  /** Throws a `TypeError` for an event without a key. */
  readonly conversation: Conversation<T>;
};

export interface ConversationOptions<T extends State = State> {
  /** The state of a conversation that has none yet, and after `resetState`; `{}` by default. */
  readonly initial?: (() => T) | undefined;
  /** The id of the session that an event belongs to, or `undefined`; that of its channel by default. */
  readonly getSessionKey?:
    | ((args: AnyMiddlewareArgs & AllMiddlewareArgs) => Key | Promise<Key>)
    | undefined;
  /** One event of a conversation at a time, in all processes: `true`, or options; `false` by default. */
  readonly exclusive?: boolean | ExclusiveOptions | undefined;
}

type Key = string | undefined;

/**
 * Makes a middleware that gives the context its conversation, with `state`, `setState` and `resetState`.
 * When the listeners have finished, it stores what was set; when one of them throws, nothing.
 * In this process events of one conversation are handled one after another. Events without a key
 * pass through.
 *
 * When the store fails, no listener runs, and the error goes to `app.error`.
 */
export function conversation<T extends State = State>(
  store: SessionStore,
  options: ConversationOptions<T> = {},
): Middleware<AnyMiddlewareArgs> {
  checkOptions('conversation', options, ['initial', 'getSessionKey', 'exclusive']);
  const { initial = () => ({}), getSessionKey = channelOf } = options;
  const exclusive =
    options.exclusive && exclusiveRuns(store as FullSessionStore, options.exclusive);
  const conversations = new Conversations<State>(store, initial(), exclusive ? { exclusive } : {});
  return async (args) => {
    const { context, next } = args;
    const give = (property: PropertyDescriptor) =>
      Object.defineProperty(context, 'conversation', { ...property, configurable: true });
    const key = await getSessionKey(args);
    if (key === undefined) {
      give({
        get() {
          throw new TypeError('this event has no conversation: its session key is undefined');
        },
      });
      return next();
    }
    conversations.setInitialState(initial());
    await conversations.run(key, (value) => {
      give({ value });
      return next();
    });
  };
}

/** The channel of an event, a command, an action or a shortcut, by which Bolt knows conversations. */
function channelOf({ body }: { body: object }): Key {
  const { event = body } = body as { event?: object };
  const { item, channel_id, channel } = event as State;
  const found = item?.channel ?? channel_id ?? channel?.id ?? channel;
  return typeof found === 'string' && found !== '' ? found : undefined;
}
