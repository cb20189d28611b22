// Builds a package before it is packed. `pnpm release` has built them all: it packs several at once,
// and none of them may change what another one is reading.
import { spawnSync } from 'node:child_process';

if (!process.env.SESSIONS_BUILT) {
  const build = ['run', 'build', '--output-logs=errors-only'];
  process.exitCode = spawnSync('turbo', build, { stdio: 'inherit', shell: true }).status ?? 1;
}
