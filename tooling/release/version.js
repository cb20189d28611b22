// Usage: pnpm run version
//
// Turns the changesets into versions and changelogs. A package is a major when one of ours that it
// depends on is: otherwise a major of core would reach everybody who asked for `^1` of a driver.
import { execSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { manifests, root } from './project.js';

process.chdir(root);

for (let followers = missingMajors(); followers.length > 0; followers = missingMajors()) {
  for (const { name, needs } of followers) {
    const file = `.changeset/${shortOf(name)}-follows-${shortOf(needs.name)}.md`;
    const text = `Needs \`${needs.name}\` ${needs.newVersion}, whose changelog tells what is different.`;
    writeFileSync(file, `---\n'${name}': major\n---\n\n${text}\n`);
  }
}
run('changeset version');
// What is released can be installed.
const readme = readFileSync('README.md', 'utf8');
writeFileSync('README.md', readme.replace(/<!-- unreleased -->.*?<!-- \/unreleased -->\n\n/s, ''));
run('pnpm install --lockfile-only');

/** Each package that is no major yet, with a major that it depends on. */
function missingMajors() {
  const majors = plannedReleases().filter(({ type }) => type === 'major');
  return manifests()
    .filter(({ name }) => !majors.some((major) => major.name === name))
    .map(({ name, dependencies, peerDependencies }) => ({
      name,
      needs: majors.find((major) => major.name in { ...dependencies, ...peerDependencies }),
    }))
    .filter(({ needs }) => needs);
}

function plannedReleases() {
  const file = '.changeset/plan.json';
  run(`changeset status --output=${file}`, 'ignore');
  const { releases } = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return releases;
}

function run(command, stdio = 'inherit') {
  execSync(command, { stdio });
}

function shortOf(name) {
  return name.split('/').at(-1);
}
