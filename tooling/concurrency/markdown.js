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

[Whole bots](../examples/bots#readme), one file each, show them at work. For another framework, \`Conversations\` of
[\`@sessions/core\`](../packages/core#readme) behind a middleware of yours does the same in a dozen lines.

## Messages at once

A bot has a counter for one person, and 100 messages of that person come, to one process or 50 to each of two. Each adds
one. This is the counter in the end:

${table(
  [
    'framework',
    'processes',
    'its own session',
    'the same, a message every 5 ms',
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
  in Express \`request.session.count++\`. Frameworks read before the handler, and hand over a finished value after
  it: of two messages at once the later one wins. Telegraf shares one value among messages that overlap in one
  process, and loses those that come while it is stored.
- **The middleware** is \`conversation(store)\`, with \`setState(({ count }) => ({ count: count + 1 }))\`. Express has
  none: there it is \`store.update\`, in the handler.
- **\`exclusive\`** lets handlers of one person run one after another, over processes: it is the middleware before
  \`session()\`, and in Bolt an option of \`conversation\`. Code that changes a value in place then loses nothing.

Sessions were in files, on Node ${process.version}, in ${rounds} rounds on ${date}. Where these differ, the least and the
most are given: what a framework's own session keeps depends on the machine and the moment. \`npx -y pnpm@12 concurrency\`
counts anew, and writes this page.
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
