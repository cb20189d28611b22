// One process of several that share a history. It says on its output what happens.
import { deepStrictEqual } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { History } from '@sessions/history';

const [kind, where, name, task, id, ...args] = process.argv.slice(2);
const options = { timeout: 10_000, onWarning: () => {} };
const stores = {
  async file() {
    const { FileSessionStore } = await import('@sessions/file');
    return new FileSessionStore(join(where, name), options);
  },
  async sqlite() {
    const { SqliteSessionStore } = await import('@sessions/sqlite');
    return new SqliteSessionStore(join(where, `${name}.db`), options);
  },
  async redis() {
    const { RedisSessionStore } = await import('@sessions/redis');
    return new RedisSessionStore(where, { ...options, prefix: name });
  },
  async mongo() {
    const { MongoSessionStore } = await import('@sessions/mongo');
    return new MongoSessionStore(where, { ...options, collectionName: name });
  },
  async postgres() {
    const { PostgresSessionStore } = await import('@sessions/postgres');
    return new PostgresSessionStore(where, { ...options, table: name });
  },
};

const say = (...words) => process.stdout.write(`${words.join(' ')}\n`);
const store = await stores[kind]();
const history = new History(store);
const text = 'x'.repeat(1200); // so that six fill a chunk

/** Tries until it is acknowledged, as a bot does that repeats what may have been applied. */
async function insist(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!['UNAVAILABLE', 'TIMEOUT', 'CONFLICT'].includes(error.code)) throw error;
    }
  }
}

const tasks = {
  /** Appends one or two items as operations `from` to `to`; says which are acknowledged. */
  async append(who, from, to) {
    const append = (n) => {
      const parts = n % 3 === 0 ? [0, 1] : [0];
      const items = parts.map((part) => ({ name: `${who} ${n} ${part}`, text }));
      return insist(() => history.append(id, items, { operationId: `${who} ${n}` }));
    };
    for (let n = Number(from); n < Number(to); n++) {
      await append(n);
      say('acknowledged', n);
      for (const old of n % 3 === 0 ? [n, n >> 1] : []) {
        if ((await append(old)) !== 0) say('WRONG', who, old, 'was applied twice');
      }
    }
  },

  /** Appends, pops and replaces, and says what came and went. */
  async mix(who, count) {
    for (let n = 0; n < Number(count); n++) {
      const names = [0, 1, 2].map((part) => `${who} ${n} ${part}`);
      const items = names.map((name) => ({ name, text }));
      await insist(() => history.append(id, items, { operationId: names[0] }));
      for (const each of names) say('came', each);
      const popped = await insist(() => history.pop(id));
      if (popped) say('went', popped.name);
      const last = await history.items(id, { limit: 9 });
      try {
        const put = { name: `${who} ${n} for ${last.length}` };
        await history.replaceSuffix(id, last, [put]);
        for (const each of last) say('went', each.name);
        say('came', put.name);
      } catch (error) {
        if (error.code !== 'CONFLICT') throw error;
      }
    }
  },

  /** Reads until it is told to stop: what it has read must never change. */
  async watch() {
    let isOver = false;
    let reads = 0;
    process.stdin.once('data', () => {
      isOver = true;
    });
    for (let before = []; !isOver; reads++) {
      const now = (await insist(() => history.items(id))).map((item) => item.name);
      deepStrictEqual(now.slice(0, before.length), before);
      if (before.length === 0 && now.length > 0) say('sees');
      before = now;
      await pause(20);
    }
    say('read', reads);
  },

  /** Says all that there is, and what `verify` finds twice. */
  async read() {
    const all = await history.items(id);
    const paged = [];
    for (let before = Infinity; paged.length < all.length; before = all.length - paged.length) {
      paged.unshift(...(await history.items(id, { limit: 7, before })));
    }
    deepStrictEqual(paged, all);
    const verified = await history.verify();
    const names = all.map((item) => item.name);
    say(JSON.stringify({ names, verified, again: await history.verify() }));
  },

  async clear() {
    await store.clear();
  },
};

process.stdout.on('error', () => process.exit(1));
await tasks[task](...args);
await store.close();
process.stdin.destroy();
