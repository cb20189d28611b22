import type { Redis } from 'ioredis';
import { type Client, masters, send } from './client.ts';
import { isAnswer } from './errors.ts';
import { decodeId, patternOf } from './keys.ts';

// A short look at each master. Where there are many other keys it may come across none of these.
const STEPS = 4;
const STEP_COUNT = 250;
const LONGEST_LOOK = 20; // ms, after which no further step begins

const WARNING =
  "the store does not see them: see 'Coming from Bottender' in the README of @sessions/redis";

/** What to tell of keys that begin so and that no store wrote, or `undefined` when it finds none. */
export async function foreignKeysIn(client: Client, start: string): Promise<string | undefined> {
  const nodes = masters(client);
  const counts = await Promise.all(nodes.map((node) => foreignKeysOn(node, client, start)));
  const count = counts.reduce((sum, each) => sum + each, 0);
  return count > 0
    ? `${count} or more keys under the prefix are not sessions; ${WARNING}`
    : undefined;
}

async function foreignKeysOn(node: Redis, client: Client, start: string): Promise<number> {
  const pattern = patternOf(start);
  const foreign = new Set<string>(); // SCAN may repeat itself
  const look = async (key: string) => {
    if (decodeId(key.slice(start.length)) !== undefined) return;
    if (await isForeign(client, key)) foreign.add(key);
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
    if (!isAnswer(error as Error)) throw error; // else it may not look
  }
  return foreign.size;
}

/** Whether it is none of a store whose prefix begins with this one's: their values begin with `s1`. */
async function isForeign(client: Client, key: string): Promise<boolean> {
  try {
    const start = await send<string>(client, 'getrange', [key, '0', '1']).promise;
    return start !== '' && !/^s\d/.test(start); // '' when it is gone
  } catch (error) {
    if ((error as Error).message.includes('WRONGTYPE')) return true;
    throw error;
  }
}
