// One process of several that share a store: it runs an agent for messages of one conversation, all at
// once, or kills itself in the middle of a turn.
import { Agent, run, setTracingDisabled, Usage } from '@openai/agents';
import { FileSessionStore } from '@sessions/file';
import { HistorySession } from '@sessions/openai-agents';
import { RedisSessionStore } from '@sessions/redis';

const [kind, where, prefix, ...messages] = process.argv.slice(2);
setTracingDisabled(true);

const store =
  kind === 'file'
    ? new FileSessionStore(where)
    : new RedisSessionStore(where, { prefix, onWarning: () => {} });

const model = {
  async getResponse({ input }) {
    const asked = input.at(-1).content;
    if (asked.endsWith('kills')) process.kill(process.pid, 'SIGKILL');
    const text = `answer to ${asked}`;
    const content = [{ type: 'output_text', text }];
    const output = [{ type: 'message', role: 'assistant', status: 'completed', content }];
    return { usage: new Usage(), output };
  },
};
const agent = new Agent({ name: 'agent', model });

await store.init();
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  const runs = messages.map((message) => {
    const operationId = message.replace(/ kills$/, '');
    const session = new HistorySession(store, 'telegram:42', { operationId });
    return run(agent, message, { session });
  });
  await Promise.all(runs);
  await store.close();
  process.stdin.destroy();
});
