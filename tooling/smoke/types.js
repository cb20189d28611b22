import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodes, root, run } from './run.js';

const USE = `
export async function visits(): Promise<number> {
  const store = await new memory.MemorySessionStore<{ visits: number }>(10, 5).init();
  const session = await store.update('telegram:42', (old) => ({ visits: (old?.visits ?? 0) + 1 }));
  // @ts-expect-error: a session is not null without a check
  return session.visits;
}

const untyped = new memory.MemorySessionStore();
export const typed: core.FullSessionStore<{ value: number }> = untyped;
`;

// Without skipLibCheck: our declarations must stand alone.
const OPTIONS = ['--strict', '--target', 'es2022', '--types', 'node'];
const TYPES = ['--typeRoots', join(root, 'tooling/node_modules/@types')];

// What declarations of frameworks lean on, and do not bring.
const FRAMEWORKS = `declare module 'node-fetch';\n`;

const local = (name) => name.split('/')[1].replaceAll('-', '_');
const imports = (name) => `import * as ${local(name)} from '${name}';`;
const requires = (name) => `import ${local(name)} = require('${name}');`;

function source(names, load) {
  const all = `export const all: object[] = [${names.map(local).join(', ')}];`;
  return `${names.map(load).join('\n')}\n${all}\n${USE}`;
}

/** Both as an ES module and as CommonJS. */
export function checkTypes(names, everything) {
  writeFileSync(join(everything, 'esm.mts'), source(names, imports));
  writeFileSync(join(everything, 'common.cts'), source(names, requires));
  writeFileSync(join(everything, 'frameworks.d.ts'), FRAMEWORKS);
  const files = ['esm.mts', 'common.cts', 'frameworks.d.ts'];
  for (const module of ['nodenext', 'node20']) {
    const options = [...OPTIONS, ...TYPES, '--noEmit', '--module', module];
    run(join(root, 'node_modules/.bin/tsc'), [...options, ...files], everything);
    console.log(`types are right for ES modules and CommonJS under module: ${module}`);
  }
}

/** As older compilers make CommonJS, which read `main` and `types` and know nothing of `exports`. */
export function checkNode10(names, everything) {
  const print = 'visits().then((count) => console.log(all.length, count));\n';
  writeFileSync(join(everything, 'plain.ts'), source(names, imports) + print);
  writeFileSync(join(everything, 'frameworks.d.ts'), FRAMEWORKS);
  const options = [...OPTIONS, ...TYPES, '--module', 'commonjs', '--moduleResolution', 'node10'];
  for (const version of ['5.4', '5.9']) {
    const compiler = join(root, `tooling/node_modules/typescript-${version}/bin/tsc`);
    const compiled = `plain-${version}`;
    const args = [compiler, ...options, '--outDir', compiled, 'plain.ts', 'frameworks.d.ts'];
    run(process.execPath, args, everything);
    for (const node of nodes) {
      const printed = run(node, [join(compiled, 'plain.js')], everything, { quiet: true });
      assert.equal(printed, `${names.length} 1\n`);
    }
    console.log(`TypeScript ${version} compiles to CommonJS with moduleResolution: node10`);
  }
}
