import type { Redis } from 'ioredis';

/** The server's clock, as far as it is known here. */
export class ServerClock {
  measuredAt = 0;
  // The server's time minus `performance.now()`, which nobody can set. Too little rather than too
  // much: a command refused too early is sent again, one applied too late is not undone.
  #offset = 0;

  /** The server's time at a moment of `performance.now()`. */
  at(moment: number): number {
    return Math.floor(moment + this.#offset);
  }

  /** The server answered with its time, and the answer came just now. */
  learn(time: number): void {
    this.#offset = time - performance.now();
  }

  /** Of several servers, the clock that is furthest ahead counts; those that do not answer do not. */
  async measure(nodes: readonly Redis[]): Promise<void> {
    this.measuredAt = performance.now();
    const offsets = await Promise.allSettled(
      nodes.map(async (node) => {
        const [seconds, microseconds] = (await node.time()).map(Number) as [number, number];
        return seconds * 1000 + Math.floor(microseconds / 1000) - performance.now();
      }),
    );
    const known = offsets.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const [first] = offsets;
    if (known.length === 0 && first?.status === 'rejected') throw first.reason;
    this.#offset = Math.max(...known);
  }
}
