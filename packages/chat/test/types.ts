// Checked by the compiler alone: `tsc -p test`.
import type { FullSessionStore, SessionStore } from '@sessions/core';
import type { Chat, StateAdapter, Thread } from 'chat';
import { expectTypeOf } from 'expect-type';
import { createStoreState, type StoreState } from '../src/index.ts';

interface Profile {
  nickname: string | null;
  visits: number;
}

export function interfaces(store: FullSessionStore, five: SessionStore): void {
  expectTypeOf(createStoreState(store)).toExtend<StateAdapter>();
  // @ts-expect-error: it needs update
  createStoreState(five);
}

export async function states(state: StoreState, thread: Thread<Profile>): Promise<void> {
  const stored = await state.setState(thread, ({ visits = 0 }) => ({ visits: visits + 1 }));
  expectTypeOf(stored).toEqualTypeOf<Partial<Profile>>();
  await state.setState(thread, { nickname: null });
  await state.setState(thread.channel, { visits: undefined });
  // @ts-expect-error: no such member
  await state.setState(thread, { nickName: 'Tim' });
  // @ts-expect-error: of another type
  await state.setState(thread, () => ({ visits: '1' }));
}

export async function untyped(state: StoreState, thread: Thread): Promise<void> {
  await state.setState(thread, ({ visits }) => {
    expectTypeOf(visits).toEqualTypeOf<unknown>();
    return { visits: 1 };
  });
}

export function handlers(bot: Chat<Record<string, never>, Profile>, state: StoreState): void {
  const options = { wait: 60_000, ttl: 10_000 };
  bot.onNewMention(state.exclusive(async (thread) => thread.setState({ visits: 1 }), options));
  bot.onDirectMessage(
    state.exclusive((_thread, message, channel) => {
      expectTypeOf(message.text).toEqualTypeOf<string>();
      expectTypeOf(channel.id).toEqualTypeOf<string>();
    }),
  );
  // @ts-expect-error: no such option
  bot.onNewMention(state.exclusive(async () => {}, { waits: 1 }));
}
