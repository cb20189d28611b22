import fc from 'fast-check';

const MOST_MILLISECONDS = 1000;

/**
 * Checks random cases, fewer of them on a slow backend. When one fails, the smallest that fails is
 * shown, with the seed that finds it again.
 */
export async function randomCases<T>(
  numRuns: number,
  cases: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
): Promise<void> {
  const end = performance.now() + MOST_MILLISECONDS;
  const property = fc.asyncProperty(cases, async (value) => {
    if (performance.now() < end) await check(value);
  });
  await fc.assert(property, { numRuns, includeErrorInReport: true });
}
