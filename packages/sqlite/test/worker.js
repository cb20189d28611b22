// One process of several that share a file. It says what became of each call, one line for each.
import { once } from 'node:events';
import { SqliteSessionStore } from '@sessions/sqlite';

const [task, path, options, ...args] = process.argv.slice(2);
const store = await new SqliteSessionStore(path, JSON.parse(options)).init();

/** Resolves once it is out: what waits in the process is lost when that is killed. */
function say(line) {
  return new Promise((resolve) => {
    process.stdout.write(`${line}\n`, resolve);
  });
}

async function attempt(call) {
  try {
    await call();
    await say('acknowledged');
  } catch (error) {
    await say(`rejected ${error.code} ${error.outcome} ${error.cause?.message ?? error.message}`);
  }
}

function writeMany(count) {
  return Promise.all(Array.from({ length: count }, (_, n) => store.write(`id:${n}`, { n })));
}

const tasks = {
  /** Adds one to the session's `n` until it is killed. */
  async count(id) {
    await say('ready');
    const add = (session) => ({ n: (session?.n ?? 0) + 1 });
    for (;;) await attempt(() => store.update(id, add));
  },

  /** Writes one session after another, several at once, until it is killed. */
  async fill(name, text) {
    await say('ready');
    const write = async (lane) => {
      for (let n = 0; ; n++) {
        await store.write(`${name}:${lane}:${n}`, { n, text });
        await say(`${name}:${lane}:${n}`);
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
  },

  /** Does one thing when told to. */
  async once(method, ...values) {
    await store.read('a'); // so that everything is loaded that has to be
    await say('ready');
    await once(process.stdin, 'data');
    process.stdin.destroy();
    const args = values.map((value) => JSON.parse(value));
    await attempt(() => (method === 'writeMany' ? writeMany(...args) : store[method](...args)));
  },

  /** Goes through all sessions. */
  async list() {
    let listed = 0;
    for await (const _ of store.entries()) listed++;
    await say(`listed ${listed}`);
  },
};

process.stdout.on('error', () => process.exit(1));
await tasks[task](...args);
