import { expect, test } from '@jest/globals';
import { Agent, type AgentInputItem, run, tool } from '@openai/agents';
import { z } from 'zod';
import { HistorySession } from '../src/index.ts';
import { ScriptedModel } from './scripted-model.ts';
import { describeStores, textsOf } from './support.ts';

/** Says how many messages of the person it has got, and what the newest is. */
const counting = () =>
  new ScriptedModel((input: AgentInputItem[]) => {
    const said = textsOf(input.filter((item) => 'role' in item && item.role === 'user'));
    return `${said.length}: ${said.at(-1)}`;
  });

const agentOf = (model: ScriptedModel, more = {}) =>
  new Agent({ name: 'agent', instructions: 'Count', model, ...more });

/** Asks for the tool `add` once, then says so. */
const adding = () =>
  new ScriptedModel((input: AgentInputItem[]) =>
    input.at(-1)?.type === 'function_call_result'
      ? 'added'
      : [{ type: 'function_call', callId: 'c1', name: 'add', arguments: '{"item":"milk"}' }],
  );

const add = tool({
  name: 'add',
  description: 'adds',
  parameters: z.object({ item: z.string() }),
  execute: async ({ item }) => `secret ${item}`,
});

const typesOf = (items: AgentInputItem[]) => items.map(({ type }) => type);

describeStores((open) => {
  test('run() goes on where an earlier one has ended', async () => {
    const store = open();
    for (const text of ['one', 'two']) {
      const session = new HistorySession(store, 'telegram:42');
      await run(agentOf(counting()), text, { session });
    }
    const model = counting();
    const other = new HistorySession(store, 'telegram:43');
    const session = new HistorySession(store, 'telegram:42');
    await run(agentOf(counting()), 'other', { session: other });
    expect((await run(agentOf(model), 'three', { session })).finalOutput).toBe('3: three');
    const said = ['one', '1: one', 'two', '2: two', 'three', '3: three'];
    expect(model.requests.map(textsOf)).toEqual([said.slice(0, 5)]);
    expect(textsOf(await session.getItems())).toEqual(said);
  });

  test('a streamed run with a tool keeps the same items', async () => {
    for (const stream of [false, true] as const) {
      const session = new HistorySession(open(), 'telegram:42');
      const agent = agentOf(adding(), { tools: [add] });
      if (stream) await (await run(agent, 'milk', { session, stream })).completed;
      else await run(agent, 'milk', { session });
      const types = ['message', 'function_call', 'function_call_result', 'message'];
      expect(typesOf(await session.getItems())).toEqual(types);
    }
  });

  test('20 runs at once lose nothing, and each keeps its items together', async () => {
    const store = open();
    const texts = Array.from({ length: 20 }, (_, n) => `message ${n}`);
    const runs = texts.map((text) =>
      run(agentOf(counting()), text, { session: new HistorySession(store, 'telegram:42') }),
    );
    await Promise.all(runs);
    const items = textsOf(await new HistorySession(store, 'telegram:42').getItems());
    expect(items).toHaveLength(40);
    for (const text of texts) expect(items[items.indexOf(text) + 1]).toBe(`1: ${text}`);
  });

  test('of two runs for one message the items of the first are kept', async () => {
    const store = open();
    const operationId = 'update:1';
    for (const text of ['one', 'one again']) {
      const session = new HistorySession(store, 'telegram:42', { operationId });
      await run(agentOf(counting()), text, { session });
    }
    const session = new HistorySession(store, 'telegram:42', { operationId: 'update:2' });
    await run(agentOf(counting()), 'two', { session });
    const said = ['one', '1: one', 'two', '2: two'];
    expect(textsOf(await session.getItems())).toEqual(said);
  });

  test('several runs with one session of a name all add theirs', async () => {
    const session = new HistorySession(open(), 'telegram:42', { operationId: 'update:1' });
    for (const text of ['one', 'two']) await run(agentOf(counting()), text, { session });
    expect(textsOf(await session.getItems())).toEqual(['one', '1: one', 'two', '2: two']);
  });

  test('what an output guardrail blocks is kept as the SDK wants it, by a transaction', async () => {
    const session = new HistorySession(open(), 'telegram:42');
    const transactions: string[] = [];
    const apply = session.applyHistoryTransaction.bind(session);
    session.applyHistoryTransaction = async (args) => {
      transactions.push(args.transaction.type);
      await apply(args);
      await apply(args); // a repeat
    };
    const guardrail = {
      name: 'secrets',
      execute: async () => ({ tripwireTriggered: true, outputInfo: {} }),
    };
    const agent = agentOf(adding(), {
      tools: [add],
      toolUseBehavior: 'stop_on_first_tool',
      outputGuardrails: [guardrail],
    });
    await expect(run(agent, 'milk', { session })).rejects.toThrow('guardrail');
    const items = await session.getItems();
    expect(transactions).toEqual(['append_items']);
    expect(typesOf(items)).toEqual(['message', 'function_call', 'function_call_result']);
    expect(JSON.stringify(items)).not.toContain('secret');
  });
});
