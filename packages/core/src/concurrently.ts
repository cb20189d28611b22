const AT_ONCE = 16;

/**
 * Does the task for each item, at most 16 at a time. The first one that rejects ends it: this rejects with
 * the same reason, once all that were under way have settled.
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  try {
    for await (const item of items) {
      const done = task(item).then(
        () => void running.delete(done),
        (error) => {
          failed ??= { error };
        },
      );
      running.add(done);
      if (running.size >= AT_ONCE) await Promise.race(running);
      if (failed) break;
    }
  } finally {
    await Promise.all(running);
  }
  if (failed) throw failed.error;
}
