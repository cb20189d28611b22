import type { Redis } from 'ioredis';
import { type Client, masters } from './connection.ts';
import { decodeId, patternOf } from './keys.ts';

// A short look at each master. Where there are many other keys it may come across none of these.
const STEPS = 4;
const STEP_COUNT = 250;
const LONGEST_LOOK = 20; // ms, after which no further step begins

const WARNING =
  "the store does not see them: see 'Coming from Bottender' in the README of @sessions/redis";

/** What to tell of keys under the prefix that no store wrote, or `undefined` when it finds none. */
export async function foreignKeysIn(client: Client, prefix: string): Promise<string | undefined> {
  const nodes = masters(client);
  const counts = await Promise.all(nodes.map((node) => foreignKeysOn(node, client, prefix)));
  const count = counts.reduce((sum, each) => sum + each, 0);
  return count > 0
    ? `${count} or more keys under the prefix are not sessions; ${WARNING}`
    : undefined;
}

async function foreignKeysOn(node: Redis, client: Client, prefix: string): Promise<number> {
  const added = String(client.options.keyPrefix ?? ''); // by the client, except in SCAN
  const pattern = patternOf(added + prefix);
  const foreign = new Set<string>(); // SCAN may repeat itself
  const look = async (key: string) => {
    const name = key.slice(added.length);
    if (decodeId(name.slice(prefix.length)) !== undefined) return;
    if (await isForeign(client, name)) foreign.add(name);
  };
  const end = performance.now() + LONGEST_LOOK;
  let cursor = '0';
  try {
    for (let step = 0; step < STEPS && performance.now() < end; step++) {
      const [next, keys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', STEP_COUNT);
      await Promise.all(keys.map(look));
      if (next === '0') break;
      cursor = next;
    }
  } catch (error) {
    if ((error as Error).name !== 'ReplyError') throw error; // else it may not look
  }
  return foreign.size;
}

/** Whether it is none of a store whose prefix begins with this one's: their values begin with `s1`. */
async function isForeign(client: Client, name: string): Promise<boolean> {
  try {
    const start = await client.getrange(name, 0, 1);
    return start !== '' && !/^s\d/.test(start); // '' when it is gone
  } catch (error) {
    if ((error as Error).message.includes('WRONGTYPE')) return true;
    throw error;
  }
}
