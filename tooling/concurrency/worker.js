// One process of a bot: says when it is ready, and is then given so many messages of one person, all at
// once or one each so many milliseconds.
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { FileSessionStore } from '@sessions/file';

const [name, way, folder, processes, messages, every] = process.argv.slice(2);
const framework = await import(`./frameworks/${name}.js`);
// A busy machine shall take longer rather than fail.
const store = await new FileSessionStore(folder, { timeout: 60_000 }).init();
const handle = await framework.start(way, store, Number(processes));

process.stdout.write('ready\n');
await once(process.stdin, 'data');
const come = async (_, n) => {
  if (every > 0) await pause(n * every);
  await handle();
};
await Promise.all(Array.from({ length: Number(messages) }, come));
await store.close();
process.exit();
