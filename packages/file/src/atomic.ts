import original from 'write-file-atomic';

/** write-file-atomic, made to work in bundles that are ES modules too. */
export const writeFileAtomic: typeof original = inBundles(original);

// It names its temporary files after `__filename`, which an ES module has not. Only where that fails is
// it made a global, so that no other module takes itself for CommonJS. What it holds is of no account:
// there is no `import.meta` here, as what compiles these sources to CommonJS would stumble over it.
function inBundles(atomic: typeof original): typeof original {
  try {
    (atomic as unknown as { _getTmpname(file: string): string })._getTmpname('');
  } catch (error) {
    if (error instanceof ReferenceError) {
      Object.assign(globalThis, { __filename: process.argv[1] ?? '' });
    }
  }
  return atomic;
}
