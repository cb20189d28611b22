import { SessionError } from '@sessions/core';
import type { Client } from './client.ts';
import type { Script } from './record.ts';
import type { Sent } from './request.ts';

/**
 * Runs the script, and answers once so many replicas have what it wrote. The script goes whole:
 * after one that the server does not know WAIT would wait in vain.
 */
export function evalThenWait(
  client: Client,
  { lua }: Script,
  [keys, ...args]: readonly string[],
  replicas: number,
  left: number,
): Sent<number> {
  const wait = Math.max(1, Math.floor(left * 0.9)); // 0 would mean for ever
  const pipeline = client.pipeline().eval(lua, Number(keys), ...args);
  const promise = pipeline
    .wait(replicas, wait)
    .exec()
    .then((answers) => {
      const [answer, reached] = answers ?? [];
      if (!answer || !reached) throw new Error('Connection is closed.');
      if (answer[0]) throw answer[0];
      if (answer[1] !== 1) return answer[1] as number; // nothing was changed
      if (reached[0]) throw missed(replicas, reached[0].message);
      if (Number(reached[1]) < replicas) throw missed(replicas, `${reached[1]} have`);
      return 1;
    });
  return { promise, isWritten: true };
}

function missed(replicas: number, why: string): SessionError {
  const message = `the write did not reach ${replicas} replicas in time: ${why}`;
  return new SessionError('UNAVAILABLE', message, { outcome: 'unknown' });
}
