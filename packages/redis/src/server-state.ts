import type { Redis } from 'ioredis';
import { type Client, masters } from './client.ts';
import { isAnswer } from './errors.ts';

export type State = ReadonlyMap<string, string>;

/** What each master says of itself, as far as it may be asked. */
export function statesOf(client: Client): Promise<State[]> {
  return Promise.all(masters(client).map(stateOf));
}

async function stateOf(node: Redis): Promise<State> {
  const forbidden = (error: Error) => {
    if (!isAnswer(error)) throw error;
    return undefined; // as those who rent out servers do
  };
  const [info, save] = await Promise.all([
    node.info().catch(forbidden),
    (node.config('GET', 'save') as Promise<unknown>).catch(forbidden),
  ]);
  const state = new Map<string, string>();
  for (const line of String(info ?? '').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) state.set(line.slice(0, colon), line.slice(colon + 1));
  }
  if (Array.isArray(save) && typeof save[1] === 'string') state.set('save', save[1]);
  return state;
}

/** What makes these servers lose sessions by themselves, or `undefined`. */
export function doubtsAbout(states: readonly State[]): string | undefined {
  const doubts: string[] = [];
  const policy = states.map((state) => state.get('maxmemory_policy') ?? 'noeviction');
  const evicts = policy.find((each) => each !== 'noeviction');
  if (evicts) doubts.push(`it evicts when its memory is full (maxmemory-policy ${evicts})`);
  if (states.some((state) => state.get('save') === '' && state.get('aof_enabled') === '0')) {
    doubts.push('it writes nothing to disk (save "", appendonly no)');
  }
  return doubts.length > 0 ? `Redis may lose sessions: ${doubts.join(', and ')}` : undefined;
}
