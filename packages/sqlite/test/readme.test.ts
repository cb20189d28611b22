import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { testDemo } from '../../../tooling/demo-test.ts';
import { testExamples } from '../../../tooling/examples.ts';
import { temporaryFolder } from '../../../tooling/temporary-folder.ts';

const packageFolder = join(import.meta.dirname, '..');
// Elsewhere, as the examples make files.
const folder = await temporaryFolder();
await cp(join(packageFolder, 'README.md'), join(folder, 'README.md'));
await mkdir(join(folder, 'node_modules', '@sessions'), { recursive: true });
await symlink(packageFolder, join(folder, 'node_modules', '@sessions', 'sqlite'), 'junction');

testExamples(join(folder, 'README.md'));

testDemo(`sqlite:${join(folder, 'demo.db')}`, packageFolder);
