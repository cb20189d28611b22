// Keeps a shopping list: `node claude-redis.js <uuid> <uuid> "We need milk and bread"`, with the id of the
// conversation and that of the message. What was said is in Redis, so that any host can go on with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSdkMcpServer,
  getSessionMessages,
  query,
  tool,
} from '@anthropic-ai/claude-agent-sdk';
import { TranscriptStore } from '@sessions/claude-agent';
import { RedisSessionStore } from '@sessions/redis';
import { z } from 'zod';

const [sessionId, uuid, text] = process.argv.slice(2);
const { MODEL, REDIS_URL } = process.env;

const store = await new RedisSessionStore(REDIS_URL, { prefix: 'shopping:' }).init();
const sessionStore = new TranscriptStore(store);

const put = async ({ what }) => {
  // A call that a crash has ended may be made again: twice must be the same as once.
  const add = (list) => ({ items: [...new Set(list?.items).add(what)] });
  const { items } = await store.update(`list:${sessionId}`, add);
  return { content: [{ type: 'text', text: `On the list: ${items.join(', ')}` }] };
};
const add = tool('add', 'Puts something on the shopping list', { what: z.string() }, put);

const known = await getSessionMessages(sessionId, { sessionStore });
const isResumed = known.some((message) => message.uuid === uuid);

async function* prompt() {
  const message = { role: 'user', content: isResumed ? 'Go on' : text };
  yield { type: 'user', message, parent_tool_use_id: null, ...(isResumed ? {} : { uuid }) };
}

// Claude Code keeps files, too. Nobody needs them: the store has it all.
const CLAUDE_CONFIG_DIR = await mkdtemp(join(tmpdir(), 'claude-'));
const options = {
  ...(known.length > 0 ? { resume: sessionId } : { sessionId }),
  sessionStore,
  sessionStoreFlush: 'eager', // each entry as it comes, not at the end of the turn
  model: MODEL,
  systemPrompt: 'Put on the list what the person needs, and say what is on it.',
  tools: [], // none of its own
  mcpServers: { list: createSdkMcpServer({ name: 'list', tools: [add] }) },
  allowedTools: ['mcp__list__add'],
  settingSources: [],
  env: { ...process.env, CLAUDE_CONFIG_DIR },
};
for await (const message of query({ prompt: prompt(), options })) {
  if (message.type === 'result') console.log(message.result);
  if (message.subtype === 'mirror_error') console.error(`not stored: ${message.error}`);
}

await store.close();
await rm(CLAUDE_CONFIG_DIR, { recursive: true });
