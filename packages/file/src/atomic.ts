import { randomInt } from 'node:crypto';
import original from 'write-file-atomic';

/** write-file-atomic, made to work in bundles that are ES modules too. */
export const writeFileAtomic: typeof original = inBundles(original);

// It names its temporary files after `__filename`, which an ES module has not. Only where that fails is
// it made a global, so that no other module takes itself for CommonJS. What it holds is of no account:
// there is no `import.meta` here, as what compiles these sources to CommonJS would stumble over it.
function inBundles(atomic: typeof original): typeof original {
  const { _getTmpname: name } = atomic as unknown as { _getTmpname(file: string): string };
  try {
    name('');
  } catch (error) {
    if (error instanceof ReferenceError) {
      Object.assign(globalThis, { __filename: process.argv[1] ?? '' });
    }
  }
  // The names also depend on the number of the process and of the name. In containers that is 1 for
  // several processes, which begin to count elsewhere so that none has a name for what another writes.
  for (let skipped = randomInt(500); skipped > 0; skipped--) name('');
  return atomic;
}
