// Packs every package, installs the tarballs in empty projects outside this workspace, and uses
// them as their users would. SMOKE_NODES may list more Node binaries to run them with.
import { checkBundles } from './smoke/bundles.js';
import { checkCommands, checkFiles, checkTarball } from './smoke/contents.js';
import { checkJest } from './smoke/jest.js';
import { checkImports } from './smoke/loading.js';
import { packAll, packages, project } from './smoke/project.js';
import { checkNode10, checkTypes } from './smoke/types.js';

packAll();
for (const each of packages) await checkTarball(each);

const names = packages.map((each) => each.name);
// The types that an adapter's users install beside it.
const everything = project('everything', names, { tools: ['@types/express-session'] });
for (const name of names) {
  checkFiles(name, everything);
  checkCommands(name, everything);
}
checkImports(names, everything);
checkTypes(names, everything);
// The types of Bolt and of OpenAI Agents want esModuleInterop there.
const modern = ['@sessions/bolt', '@sessions/openai-agents'];
checkNode10(
  names.filter((name) => !modern.includes(name)),
  everything,
);
await checkBundles();
checkJest();
console.log('smoke test passed');
