import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { emptyFolder, project } from './project.js';
import { nodes, run, tool } from './run.js';

const APP = `
import { FileSessionStore } from '@sessions/file';

async function main() {
  await new FileSessionStore('sessions').write('telegram:42', { visits: 1 });
  const { visits } = await new FileSessionStore('sessions').read('telegram:42');
  console.log(visits, Object.hasOwn(globalThis, '__filename'));
}
main();
`;

// What esbuild asks for in an ES module when a CommonJS package requires a module of Node.
const REQUIRE = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);`;

/** `@sessions/file` in one file, with and without node_modules beside it, writes and reads. */
export async function checkBundles() {
  const folder = project('bundles', ['@sessions/file']);
  writeFileSync(join(folder, 'app.mjs'), APP);
  check('no bundle', folder, 'app.mjs', { hasGlobal: false });

  const entryPoints = [join(folder, 'app.mjs')];
  const options = { entryPoints, bundle: true, platform: 'node', logLevel: 'warning' };
  const esm = { format: 'esm', outfile: join(folder, 'esm/app.mjs'), banner: { js: REQUIRE } };
  const cjs = { format: 'cjs', outfile: join(folder, 'cjs/app.cjs') };
  for (const each of [esm, cjs]) {
    const { warnings } = await esbuild({ ...options, ...each });
    assert.deepEqual(warnings, [], 'esbuild warns');
  }
  writeFileSync(join(folder, 'vite.config.mjs'), 'export default { ssr: { noExternal: true } };');
  run(tool('vite'), ['build', '--ssr', 'app.mjs', '--outDir', 'vite'], folder);

  const bundles = { esm: 'app.mjs', cjs: 'app.cjs', vite: 'app.mjs' };
  for (const [name, file] of Object.entries(bundles)) {
    const hasGlobal = name !== 'cjs';
    check(`bundle ${name}`, join(folder, name), file, { hasGlobal });
    const alone = emptyFolder(`bundle-${name}`);
    cpSync(join(folder, name, file), join(alone, file));
    check(`bundle ${name} without node_modules`, alone, file, { hasGlobal });
  }
}

function check(name, folder, file, { hasGlobal }) {
  for (const node of nodes) {
    assert.equal(run(node, [file], folder, { quiet: true }), `1 ${hasGlobal}\n`);
  }
  console.log(`@sessions/file, ${name}: writes and reads`);
}
