// One process of several that share a folder. It says what became of each call, one line for each.
import { once } from 'node:events';
import { FileSessionStore } from '@sessions/file';

const [task, folder, options = '{}', ...args] = process.argv.slice(2);
const store = await new FileSessionStore(folder, JSON.parse(options)).init();
const say = (line) => process.stdout.write(`${line}\n`);

async function attempt(call) {
  try {
    await call();
    say('acknowledged');
  } catch (error) {
    say(`rejected ${error.code} ${error.outcome} ${error.cause?.code ?? error.message}`);
  }
}

const add = (session) => ({ n: (session?.n ?? 0) + 1 });

const tasks = {
  /** Adds one to the session's `n`, so many times. */
  async count(id, times) {
    say('ready');
    for (let i = 0; i < Number(times); i++) await attempt(() => store.update(id, add));
  },

  /** Does one thing when told to. */
  async once(method, id, ...values) {
    await store.read(id); // so that everything is loaded that has to be
    say('ready');
    // The fault may strike here, too.
    await once(process.stdin, 'data').catch(() => process.exit(1));
    process.stdin.destroy();
    if (method === 'add') await attempt(() => store.update(id, add));
    else await attempt(() => store[method](id, ...values.map((value) => JSON.parse(value))));
  },

  /** Overwrites the session with one whose parts all say the same number. */
  async overwrite(id, times) {
    const overwriteAll = async () => {
      for (let n = 1; n <= Number(times); n++) {
        await store.write(id, { n, again: n, padding: `${n},`.repeat(500) });
      }
    };
    await attempt(overwriteAll);
  },

  /** Goes through all sessions. */
  async list() {
    let listed = 0;
    for await (const _ of store.entries()) listed++;
    say(`listed ${listed}`);
  },

  /** Reads until it sees this number. */
  async watch(id, last) {
    let reads = 0;
    for (let seen = 0; seen < Number(last); reads++) {
      const { n, again, padding } = await store.read(id);
      if (n < seen || again !== n || padding !== `${n},`.repeat(500)) say(`torn ${seen} ${n}`);
      seen = n;
    }
    say(`reads ${reads}`);
  },
};

process.stdout.on('error', () => process.exit(1));
await tasks[task](...args);
