// One process of several that share stores. It says on its output what happens.
import { once } from 'node:events';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Conversations } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { exclusiveRuns, guarded, withLease } from '@sessions/lease';
import { RedisSessionStore } from '@sessions/redis';

const [kind, where, task, ...args] = process.argv.slice(2);
const open = (name) =>
  kind === 'file'
    ? new FileSessionStore(join(where, name))
    : new RedisSessionStore(where, { prefix: name, onWarning: () => {} });

const say = (text) => process.stdout.write(`${text}\n`);
const told = () => once(process.stdin, 'data');

const tasks = {
  /** Adds to a number in a file, as those do who have it to themselves: so many in a row, so many at once. */
  async count(leases, file, id, times, atOnce) {
    const store = open(leases);
    const add = async () => {
      const n = Number(await readFile(file, 'utf8'));
      await pause(Math.random() * 3);
      await writeFile(file, String(n + 1));
    };
    const loop = async () => {
      for (let i = 0; i < Number(times); i++) {
        await withLease(store, id, add, { ttl: 30_000, wait: Infinity });
        say('added');
      }
    };
    await Promise.all(Array.from({ length: Number(atOnce) }, loop));
    await store.close();
  },

  /** Takes the lease and keeps it until it is told to overwrite what it read. */
  async hold(leases, sessions, id, ttl) {
    const store = open(sessions);
    const write = async ({ fence, signal }) => {
      const version = await store.readVersion(id);
      say(`holds ${fence}`);
      await told();
      const etag = version?.etag ?? null;
      say(await attempt(() => store.write(id, { by: 'worker' }, { ifMatch: etag })));
      if (!signal.aborted) await once(signal, 'abort');
      say(`lost ${signal.reason.code}`);
      return 'result';
    };
    const lease = open(leases);
    say(await withLease(lease, id, write, { ttl: Number(ttl) }));
    await Promise.all([store.close(), lease.close()]);
  },

  /** Reads in an exclusive run, and replaces what it has read when it is told to. */
  async replace(sessions, id, ttl) {
    const store = open(sessions);
    const { read, replace } = guarded(store);
    const run = async () => {
      const found = await read(id);
      say('holds');
      await told();
      await replace(id, () => ({ by: 'worker', after: found }));
    };
    say(await attempt(() => exclusiveRuns(store, { ttl: Number(ttl) })(id, run)));
    await store.close();
  },

  /** Handles so many events of one conversation, and notes in a file when it does. */
  async converse(leases, sessions, id, times, log) {
    const [store, lease] = [open(sessions), open(leases)];
    const exclusive = (id, run) => withLease(lease, id, run, { ttl: 30_000, wait: Infinity });
    const conversations = new Conversations(store, { n: 0 }, { exclusive });
    const handle = async (conversation) => {
      const { n } = conversation.state;
      await appendFile(log, `begin ${process.pid}\n`);
      await pause(Math.random() * 3);
      await appendFile(log, `end ${process.pid}\n`);
      conversation.setState({ n: n + 1 });
    };
    for (let i = 0; i < Number(times); i++) say(await attempt(() => conversations.run(id, handle)));
    await Promise.all([store.close(), lease.close()]);
  },

  /** Handles one event, for as long as it is not told to end. */
  async handle(leases, sessions, id, ttl) {
    const [store, lease] = [open(sessions), open(leases)];
    const exclusive = (id, run) => withLease(lease, id, run, { ttl: Number(ttl) });
    const conversations = new Conversations(store, { by: null }, { exclusive });
    const handle = async (conversation) => {
      say('holds');
      await told();
      conversation.setState({ by: 'worker' });
    };
    say(await attempt(() => conversations.run(id, handle)));
    await Promise.all([store.close(), lease.close()]);
  },
};

async function attempt(call) {
  try {
    await call();
    return 'done';
  } catch (error) {
    return `${error.code} ${error.outcome}`;
  }
}

process.stdout.on('error', () => process.exit(1));
await tasks[task](...args);
process.stdin.destroy();
