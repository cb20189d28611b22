import {
  type Conversation,
  Conversations,
  checkOptions,
  type Exclusive,
  type SessionStore,
  type State,
} from '@sessions/core';
import type { AllMiddlewareArgs, AnyMiddlewareArgs, Middleware } from '@slack/bolt';

/** What the context of an event has then: `new App<ConversationContext<MyState>>(…)`. */
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
  /** Runs the listeners of one conversation one after another over processes: see `Conversations`. */
  readonly exclusive?: Exclusive | undefined;
}

type Key = string | undefined;

/**
 * A middleware that gives the context its conversation, with `state`, `setState` and `resetState`,
 * and stores what was set once the listeners have finished; nothing when one of them throws.
 * Events of one conversation are handled one after another in this process. Those without a key
 * pass through.
 *
 * When the store fails, no listener runs, and the error goes to `app.error`.
 */
export function conversation<T extends State = State>(
  store: SessionStore,
  options: ConversationOptions<T> = {},
): Middleware<AnyMiddlewareArgs> {
  checkOptions('conversation', options, ['initial', 'getSessionKey', 'exclusive']);
  const { initial = () => ({}), getSessionKey = channelOf, exclusive } = options;
  const conversations = new Conversations<State>(store, initial(), { exclusive });
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
