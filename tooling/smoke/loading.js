import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodes, run } from './run.js';

export function checkImports(names, everything) {
  const script = `
    const names = ${JSON.stringify(names)};
    const keys = (module) => Object.keys(module).filter((key) => key !== '__esModule').sort();
    Promise.all(names.map(async (name) => {
      const imported = keys(await import(name));
      const required = keys(require(name));
      require('node:assert').deepStrictEqual(required, imported);
      console.log(name + ': import and require give ' + imported.join(', '));
      if (imported.length === 0) throw new Error(name + ' exports nothing');
    }));
  `;
  writeFileSync(join(everything, 'load.cjs'), script);
  for (const node of nodes) {
    console.log(`Node ${run(node, ['--version']).trim()}`);
    console.log(run(node, ['load.cjs'], everything, { quiet: true }).trim());
  }
}
