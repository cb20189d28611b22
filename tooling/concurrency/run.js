// Usage: pnpm concurrency [rounds=3]
//
// Counts what each framework keeps of messages that come at once, on files, and writes docs/frameworks.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileSessionStore } from '@sessions/file';
import { frameworks } from './frameworks.js';
import { toMarkdown } from './markdown.js';

const MESSAGES = 100;
const rounds = Number(process.argv[2] ?? 3);
const worker = fileURLToPath(new URL('worker.js', import.meta.url));
const page = new URL('../../docs/frameworks.md', import.meta.url);

/** The columns of the table: what keeps the counter, and how many milliseconds lie between messages. */
const columns = [
  { way: 'own', every: 0 },
  { way: 'own', every: 5 },
  { way: 'middleware', every: 0 },
  { way: 'exclusive', every: 0 },
];

const counts = [];
for (const framework of frameworks.filter(({ counted }) => counted)) {
  for (const processes of [1, 2]) {
    const cells = [];
    for (const { way, every } of columns) {
      const kept = [];
      for (let n = 0; n < rounds && framework.counted.includes(way); n++) {
        kept.push(await count(framework.module ?? framework.adapter, way, processes, every));
      }
      console.log(
        `${framework.title}, processes: ${processes}, ${way}, every ${every} ms: ${kept}`,
      );
      if (way !== 'own' && kept.some((number) => number !== MESSAGES)) process.exitCode = 1;
      cells.push(kept);
    }
    counts.push({ framework, processes, cells });
  }
}
writeFileSync(page, toMarkdown(frameworks, counts));
if (process.exitCode) console.error('what promises to lose nothing has lost something');

/** What the counter is in the end. */
async function count(name, way, processes, every) {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-concurrency-'));
  const args = [worker, name, way, folder, processes, MESSAGES / processes, every * processes];
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  try {
    const ended = Promise.all(children.map((child) => once(child, 'exit')));
    const ready = Promise.all(children.map((child) => once(child.stdout, 'data')));
    await Promise.race([ready, ended]); // one that has ended is found out below
    for (const child of children) child.stdin.write('go\n');
    for (const [code] of await ended) {
      if (code !== 0) throw new Error(`${name}, ${way}: a process ended with ${code}`);
    }
    const { key, countIn } = await import(`./frameworks/${name}.js`);
    const store = new FileSessionStore(folder);
    const session = await store.read(key);
    await store.close();
    return countIn ? countIn(session) : (session._state ?? session).count;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
