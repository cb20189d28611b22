import { readFileSync } from 'node:fs';

/** docs/frameworks.md, with what was counted: for each row of the table, and each of its cells, every round. */
export function toMarkdown(frameworks, counts) {
  const rounds = Math.max(...counts.flatMap(({ cells }) => cells.map((kept) => kept.length)));
  const date = new Date().toISOString().slice(0, 10);
  return `# Frameworks

Each package puts a framework on any of [our stores](../README.md#which-store), or on one of your own.

${table(
  ['framework', 'package', 'gives'],
  frameworks.map(({ title, home, adapter, gives }) => [
    `[${title}](${home})`,
    `[\`@sessions/${adapter}\`](../packages/${adapter}#readme)`,
    gives,
  ]),
)}

[Whole bots](../examples/bots#readme) and [agents](../examples/agents#readme), one file each, show them at work. For an
agent of another framework there is [\`@sessions/history\`](../packages/history#readme).

You need not call \`init()\`: a store makes itself ready at its first call. But if you call it when your program starts,
you hear of a wrong address there. At the end call \`close()\`.

## Middleware or exclusive?

| your handler | take |
| --- | --- |
| sets the state in one place: \`setState\`, or \`store.update\` | the middleware |
| changes \`ctx.session\` in place, as it always did | \`exclusive\` |
| calls a model, or sends several messages that must not mix | \`exclusive\` |

With the middleware, no change is lost, and messages of one person may be handled at once in two processes. With
\`exclusive\` they wait for each other, which costs [a lease](../packages/lease#how-long-it-takes) for each message.

## Another framework

Put \`Conversations\` of [\`@sessions/core\`](../packages/core#state) into a middleware of your own:

\`\`\`js
import { Conversations } from '@sessions/core';
import { MemorySessionStore } from '@sessions/memory';

const store = new MemorySessionStore();
const conversations = new Conversations(store, { count: 0 });

// \`context\` and \`next\` are your framework's.
const middleware = (context, next) =>
  conversations.run(\`my-platform:\${context.chatId}\`, (conversation) => {
    context.conversation = conversation;
    return next();
  });

const message = () => {
  const context = { chatId: 7 };
  const handler = () => context.conversation.setState(({ count }) => ({ count: count + 1 }));
  return middleware(context, handler);
};
await Promise.all(Array.from({ length: 100 }, message));
console.log(await store.read('my-platform:7'));
\`\`\`

\`\`\`text
{ id: 'my-platform:7', _state: { count: 100 } }
\`\`\`

## Messages at once

A bot counts the messages of one person. 100 of them come at once: all to one process, or 50 to each of two. This is the
counter in the end:

${table(
  [
    'framework',
    'processes',
    'its own session',
    'its own, a message every 5 ms',
    'the middleware',
    '`exclusive`',
  ],
  counts.map(({ framework, processes, cells }) => [
    `${framework.title} ${versionOf(framework.npm)}`,
    processes,
    ...cells.map(range),
  ]),
)}

- **Its own session** is what the framework has, on our store: \`ctx.session.count++\`, in Bolt \`updateConversation\`,
  in Express \`request.session.count++\`, in the Chat SDK \`thread.setState\` of what \`thread.state\` was, in Agents
  \`ConversationState\`, in Teams \`state.conversation\`, in Bottender \`context.setState\`. Frameworks read before the
  handler and store a finished value after it, so of two messages at once the later one wins. Telegraf shares one value
  among messages that overlap in one process, and loses those that come while it is stored.
- **The middleware** is \`conversation(store)\`, with \`setState(({ count }) => ({ count: count + 1 }))\`. Express has
  none: there it is \`update\` of the store inside, in the handler; in the Chat SDK it is \`state.setState\`.
- **\`exclusive\`** runs the handlers of one person one after another, in all processes. It is an option of \`session()\`, in Bolt
  of \`conversation\`, in the Chat SDK, Agents and Teams a method. For Bottender
  [its guide](../packages/bottender#one-at-a-time) shows what to put around the handler. Code that changes a value in place
  then loses nothing.

Sessions were in files, on Node ${process.version}, in ${rounds} rounds on ${date}. Where rounds differ, the least and the
most are given: what a framework's own session keeps depends on the machine and the moment. A dash stands for what a
framework does not have. In the repository \`npx -y pnpm@12 concurrency\` counts anew, and writes this page.
`;
}

function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function range(kept) {
  if (kept.length === 0) return '–';
  const [least, most] = [Math.min(...kept), Math.max(...kept)];
  return least === most ? least : `${least}–${most}`;
}

function versionOf(name) {
  const manifest = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(manifest)).version;
}
