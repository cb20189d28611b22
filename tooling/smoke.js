// Packs every package, installs the tarballs in empty projects outside this workspace, and uses
// them as their users would. SMOKE_NODES may list more Node binaries to run them with.
import { checkBundles } from './smoke/bundles.js';
import { checkCommands, checkFiles, checkTarball } from './smoke/contents.js';
import { checkJest } from './smoke/jest.js';
import { checkImports } from './smoke/loading.js';
import { pack, packages, project } from './smoke/project.js';
import { checkNode10, checkTypes } from './smoke/types.js';

for (const each of packages) {
  pack(each);
  checkTarball(each);
}

const names = packages.map((each) => each.name);
// The types that an adapter's users install beside it.
const everything = project('everything', names, { tools: ['@types/express-session'] });
for (const name of names) {
  checkFiles(name, everything);
  checkCommands(name, everything);
}
checkImports(names, everything);
checkTypes(names, everything);
// Bolt's own types want esModuleInterop there.
checkNode10(
  names.filter((name) => name !== '@sessions/bolt'),
  everything,
);
await checkBundles();
checkJest();
console.log('smoke test passed');
