import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.js';

// Both as an ES module and as CommonJS, without skipLibCheck: our declarations must stand alone.
export function checkTypes(names, everything) {
  const using = (load) => `${names.map(load).join('\n')}
export const all: object[] = [${names.map((_, i) => `p${i}`).join(', ')}];
`;
  const memory = `p${names.indexOf('@sessions/memory')}`;
  const use = `
export async function visits(): Promise<number> {
  const store = await new ${memory}.MemorySessionStore<{ visits: number }>(10, 5).init();
  const session = await store.update('telegram:42', (old) => ({ visits: (old?.visits ?? 0) + 1 }));
  // @ts-expect-error: a session is not null without a check
  return session.visits;
}
`;
  const file = (name, text) => writeFileSync(join(everything, name), text);
  file('esm.mts', using((name, i) => `import * as p${i} from '${name}';`) + use);
  file('common.cts', using((name, i) => `import p${i} = require('${name}');`) + use);
  for (const module of ['nodenext', 'node20']) {
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', module];
    const types = ['--types', 'node', '--typeRoots', join(root, 'tooling/node_modules/@types')];
    const files = ['esm.mts', 'common.cts'];
    run(join(root, 'node_modules/.bin/tsc'), [...options, ...types, ...files], everything);
    console.log(`types are right for ES modules and CommonJS under module: ${module}`);
  }
}
