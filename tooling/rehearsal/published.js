import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { relativeLinks } from '../release/links.js';
import { folderOf } from '../release/project.js';
import { run } from './command.js';

/** What a registry shows of a package, and what is in its tarball. */
export async function checkPublished(manifest, home, clone) {
  const { name, repository, homepage, bugs, scripts, devDependencies, dist } = manifest;
  const directory = folderOf(name);
  assert.deepEqual(repository, { type: 'git', url: `git+${home}.git`, directory }, name);
  assert.equal(homepage, `${home}/tree/HEAD/${directory}#readme`);
  assert.equal(bugs?.url ?? bugs, `${home}/issues`);
  assert.deepEqual(
    { scripts, devDependencies },
    { scripts: undefined, devDependencies: undefined },
  );
  assert(!/workspace:|catalog:/.test(JSON.stringify(manifest)), `${name}: needs the workspace`);

  const folder = mkdtempSync(join(tmpdir(), 'sessions-published-'));
  const tarball = Buffer.from(await (await fetch(dist.tarball)).arrayBuffer());
  writeFileSync(join(folder, 'package.tgz'), tarball);
  await run('tar', ['-xzf', 'package.tgz'], { cwd: folder });
  for (const file of ['CHANGELOG.md', 'LICENSE', 'README.md', manifest.main]) {
    assert(existsSync(join(folder, 'package', file)), `${name}: no ${file}`);
  }
  // Several are packed at once: none may be torn by the build of another.
  for (const part of manifest.files.filter((name) => !name.endsWith('.md'))) {
    await run('diff', ['-r', `package/${part}`, join(clone, directory, part)], { cwd: folder });
  }
  const read = (file) => readFileSync(join(folder, 'package', file), 'utf8');
  assert.deepEqual(relativeLinks(read('README.md')), [], name);
  const heading = `# ${name}\n\n## ${manifest.version}\n`;
  assert(read('CHANGELOG.md').startsWith(heading), `${name}: its changelog is another's`);
  rmSync(folder, { recursive: true });
}
