import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../release/project.js';
import { attempt, run } from './command.js';

/** A fresh clone of what is committed, as a release has it, that publishes to this registry. */
export async function checkout(folder, scope, registry) {
  await run('git', ['clone', '--quiet', root, folder], { cwd: root });
  const git = (...args) => run('git', args, { cwd: folder });
  await git('checkout', '--quiet', '-B', 'main');
  await git('config', 'user.name', 'Rehearsal');
  await git('config', 'user.email', 'rehearsal@example.com');
  const { host } = new URL(registry);
  const settings = [`${scope}:registry=${registry}`, `//${host}/:_authToken=anybody`];
  writeFileSync(join(folder, '.npmrc'), `${settings.join('\n')}\n`);
  const env = { [`npm_config_${scope}:registry`]: registry, PNPM_CONFIG_PROVENANCE: 'false' };

  const pnpm = (...args) => run('pnpm', args, { cwd: folder, env });
  const commit = async (message) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', message);
  };
  return {
    folder,
    commit,
    pnpm,
    /** Runs what may fail; `more` adds to the environment. */
    tryPnpm: (args, { env: more = {}, within = '.' } = {}) =>
      attempt('pnpm', args, { cwd: join(folder, within), env: { ...env, ...more } }),
    /** Releases what a changeset with these types says: `{ '@sessions/redis': 'patch' }`. */
    async release(types, text) {
      const head = Object.entries(types).map(([name, type]) => `'${name}': ${type}\n`);
      writeFileSync(
        join(folder, '.changeset/rehearsed.md'),
        `---\n${head.join('')}---\n\n${text}\n`,
      );
      await commit(text);
      await pnpm('run', 'version');
      await commit('Version packages');
      await pnpm('release');
    },
  };
}
