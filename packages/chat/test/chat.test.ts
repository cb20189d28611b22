import { expect, test } from '@jest/globals';
import type { Message } from 'chat';
import { createStoreState } from '../src/index.ts';
import { type Bot, type Counter, describeStores, newBot, send, send100 } from './support.ts';

const THREAD = 'telegram:7';
const KEY = `value:thread-state:${THREAD}`;
const YIELD = () => new Promise((resolve) => setImmediate(resolve));

/** Adds one as handlers do that set what they have read. */
async function add(thread: Parameters<Parameters<Bot['onDirectMessage']>[0]>[0]): Promise<void> {
  const count = (await thread.state)?.count ?? 0;
  await YIELD();
  await thread.setState({ count: count + 1 });
}

describeStores((open) => {
  test('setState with a function: 100 messages at once keep 100 of 100 increments', async () => {
    const store = open();
    const state = createStoreState(store);
    const bot = newBot(state);
    bot.onDirectMessage(async (thread) => {
      await state.setState(thread, ({ count = 0 }) => ({ count: count + 1 }));
    });
    await send100(bot);
    expect(await store.read(KEY)).toEqual({ value: { count: 100 } });
  });

  test('exclusive: so does a handler that sets what it has read', async () => {
    const store = open();
    const state = createStoreState(store);
    const bot = newBot(state);
    bot.onDirectMessage(state.exclusive(add, { wait: 60_000 }));
    await send100(bot);
    expect(await store.read(KEY)).toEqual({ value: { count: 100 } });
  });

  test('without it such a handler does not', async () => {
    const store = open();
    const bot = newBot(createStoreState(store));
    bot.onDirectMessage(add);
    await send100(bot);
    expect((await store.read(KEY))?.value.count).toBeLessThan(100);
  });

  test('with a queue each message is handled or skipped, and the history has all', async () => {
    const state = createStoreState(open({ timeout: 60_000 })); // all of them change one list
    const bot = newBot(state, { concurrency: { strategy: 'queue', maxQueueSize: 100 } });
    const seen: string[] = [];
    bot.onDirectMessage(async (_thread, message, _channel, context) => {
      for (const each of [...(context?.skipped ?? []), message]) seen.push(each.text);
      await YIELD();
    });
    await send100(bot);
    await send(bot, 'last', 1000); // fetches those that came between the last look and the release
    const texts = [...Array.from({ length: 100 }, (_, n) => `${n}`), 'last'];
    expect([...seen].sort()).toEqual([...texts].sort());
    expect(await state.queueDepth(THREAD)).toBe(0);
    const history = await state.getList<Message>(`msg-history:${THREAD}`);
    expect(new Set(history.map(({ text }) => text)).size).toBe(100); // as many as it keeps
  });

  test('one of many at once is handled, and the others dropped', async () => {
    const bot = newBot(createStoreState(open()), { concurrency: 'drop' });
    let handled = 0;
    let free = () => {};
    const held = new Promise<void>((resolve) => {
      free = resolve;
    });
    bot.onDirectMessage(async () => {
      handled++;
      await held;
    });
    const first = send(bot, 'first', 1);
    while (handled === 0) await YIELD();
    await expect(send(bot, 'second', 2)).rejects.toThrow('Could not acquire lock');
    free();
    await first;
    await send(bot, 'third', 3);
    expect(handled).toBe(2);
  });

  test('a message that comes twice is handled once', async () => {
    const bot = newBot(createStoreState(open()));
    let handled = 0;
    bot.onDirectMessage(() => {
      handled++;
    });
    await Promise.all([send(bot, 'Hi', 1), send(bot, 'Hi', 1)]);
    await send(bot, 'Hi', 1);
    expect(handled).toBe(1);
  });

  test('a bot that starts again goes on with its threads', async () => {
    const store = open();
    const texts: string[] = [];
    for (const n of [1, 2]) {
      const bot = newBot(createStoreState(store));
      bot.onNewMention(async (thread) => {
        await thread.subscribe();
        await thread.setState({ count: 1 });
      });
      bot.onSubscribedMessage(async (thread, message) => {
        texts.push(message.text, `${(await thread.state)?.count}`);
      });
      await send(bot, `of bot ${n}`, n);
      await bot.shutdown();
    }
    expect(texts).toEqual(['of bot 2', '1']);
  });

  test('setState merges, removes, and serves channels; the thread sees it', async () => {
    const state = createStoreState(open());
    const bot = newBot(state);
    const seen: unknown[] = [];
    bot.onDirectMessage(async (thread) => {
      seen.push(await state.setState(thread, { count: 1 }));
      await thread.setState({ other: true } as Partial<Counter>);
      seen.push(await state.setState(thread, async ({ count = 0 }) => ({ count: count + 1 })));
      seen.push(await thread.state);
      seen.push(await state.setState(thread, { count: undefined }));
      seen.push(await state.setState(thread.channel, { count: 7 }), await thread.channel.state);
      seen.push(await thread.state);
    });
    await send(bot, 'Hi', 1);
    expect(seen).toEqual([
      { count: 1 },
      { count: 2, other: true },
      { count: 2, other: true },
      { other: true },
      { count: 7 },
      { count: 7 },
      { other: true },
    ]);
  });

  test('a state lives for 30 days', async () => {
    let clock = Date.now();
    const state = createStoreState(open({ now: () => clock }));
    const bot = newBot(state);
    bot.onDirectMessage((thread) => void state.setState(thread, { count: 1 }));
    const key = `thread-state:${THREAD}`;
    await send(bot, 'Hi', 1);
    while ((await state.get(key)) === null) await YIELD();
    clock += 30 * 24 * 60 * 60 * 1000 - 1;
    expect(await state.get(key)).toEqual({ count: 1 });
    clock += 1;
    expect(await state.get(key)).toBeNull();
  });

  test('an exclusive run overwrites nothing that somebody else has changed', async () => {
    const store = open();
    const state = createStoreState(store);
    const bot = newBot(state);
    const change = () => store.update(KEY, () => ({ value: { count: 50 } })); // as after a lost lease
    bot.onDirectMessage(
      state.exclusive(async (thread, message) => {
        if (message.text === 'reads late') await change();
        const count = (await thread.state)?.count ?? 0;
        if (message.text === 'reads early') await change();
        if (message.text === 'own') await state.setState(thread, { count: 0 });
        await thread.setState({ count: count + 1 });
        if (message.text === 'wrote early') await change();
        await thread.setState({ count: count + 2 });
      }),
    );
    await send(bot, 'nothing yet', 1);
    expect(await store.read(KEY)).toEqual({ value: { count: 2 } });
    await expect(send(bot, 'reads early', 2)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await store.read(KEY)).toEqual({ value: { count: 50 } });
    await send(bot, 'reads late', 3);
    await send(bot, 'own', 4);
    expect(await store.read(KEY)).toEqual({ value: { count: 54 } });
    await expect(send(bot, 'wrote early', 5)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await store.read(KEY)).toEqual({ value: { count: 50 } });
  });

  test('in an exclusive run, too, setState with a function adds to what others have changed', async () => {
    const store = open();
    const state = createStoreState(store);
    const bot = newBot(state);
    bot.onDirectMessage(
      state.exclusive(async (thread) => {
        await thread.state;
        await store.update(KEY, () => ({ value: { count: 50 } }));
        await state.setState(thread, ({ count = 0 }) => ({ count: count + 1 }));
      }),
    );
    await send(bot, 'Hi', 1);
    expect(await store.read(KEY)).toEqual({ value: { count: 51 } });
  });

  test('an exclusive handler gives its result, and its error, and leaves nothing for long', async () => {
    let clock = Date.now();
    const store = open({ now: () => clock });
    const state = createStoreState(store);
    await state.connect();
    const run = state.exclusive((thread: { id: string }, n: number) => {
      if (n === 0) throw new Error('in the handler');
      return `${thread.id} ${n}`;
    });
    expect(await run({ id: 'a' }, 1)).toBe('a 1');
    await expect(run({ id: 'a' }, 0)).rejects.toThrow('in the handler');
    clock += 10_000;
    expect(await store.all()).toEqual([]);
  });

  test('an exclusive handler whose turn does not come does not run', async () => {
    const state = createStoreState(open());
    await state.connect();
    const runs: string[] = [];
    const inner = state.exclusive(() => void runs.push('inner'), { wait: 0 });
    const outer = state.exclusive((thread: { id: string }) => inner(thread));
    await expect(outer({ id: 'a' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await inner({ id: 'a' });
    expect(runs).toEqual(['inner']);
  });

  test('a store that fails is no new thread', async () => {
    const store = open();
    const bot = newBot(createStoreState(store));
    let handled = 0;
    bot.onDirectMessage(() => {
      handled++;
    });
    await send(bot, 'Hi', 1);
    await store.close();
    await expect(send(bot, 'Hi', 2)).rejects.toThrow('Telegram is told 503'); // and sends it again
    expect(handled).toBe(1);
  });
});
