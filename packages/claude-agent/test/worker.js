// One process of several that share a store: appends entries to one transcript, ten at a time, and says
// each time how many it has appended. The uuids are its name and a number, or those of all processes.
import { TranscriptStore } from '@sessions/claude-agent';
import { FileSessionStore } from '@sessions/file';
import { RedisSessionStore } from '@sessions/redis';

const [kind, where, prefix, name, count] = process.argv.slice(2);
const store =
  kind === 'file'
    ? new FileSessionStore(where)
    : new RedisSessionStore(where, { prefix, onWarning: () => {} });
const transcripts = new TranscriptStore(store);

await store.init();
process.stdout.write('ready\n');
process.stdin.once('data', async () => {
  for (let n = 0; n < Number(count); n += 10) {
    const uuids = Array.from({ length: 10 }, (_, k) => [`${name}:${n + k}`, `all:${n + k}`]).flat();
    const entries = uuids.map((uuid) => ({ type: 'user', uuid }));
    await transcripts.append({ projectKey: 'proj', sessionId: 'sess' }, entries);
    process.stdout.write(`${n + 10}\n`);
  }
  await store.close();
  process.stdin.destroy();
});
