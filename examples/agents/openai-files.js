// Keeps a shopping list: `node openai-files.js 1 "We need milk and bread"`. The 1 is the id of the message,
// as a messenger gives one: a message that is delivered again is in the history once.
import { Agent, run, setTracingDisabled, tool } from '@openai/agents';
import { FileSessionStore } from '@sessions/file';
import { HistorySession } from '@sessions/openai-agents';
import { z } from 'zod';

const [id, text] = process.argv.slice(2);
const { FOLDER, MODEL } = process.env;

setTracingDisabled(true);
const store = await new FileSessionStore(FOLDER).init();

const add = tool({
  name: 'add',
  description: 'Puts something on the shopping list',
  parameters: z.object({ what: z.string() }),
  // A turn that a crash has ended is run again: what a tool does twice must be the same as once.
  async execute({ what }) {
    const put = (list) => ({ items: [...new Set(list?.items).add(what)] });
    const { items } = await store.update('list', put);
    return `On the list: ${items.join(', ')}`;
  },
});
const agent = new Agent({
  name: 'Shopping list',
  instructions: 'Put on the list what the person needs, and say what is on it.',
  model: MODEL,
  tools: [add],
});

const session = new HistorySession(store, 'console:1', { operationId: `message:${id}` });
const { finalOutput } = await run(agent, text, { session });
console.log(finalOutput);
await store.close();
