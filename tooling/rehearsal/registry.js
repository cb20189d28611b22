import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('node_modules/verdaccio/bin/verdaccio', import.meta.url));

/** An empty registry on this machine that takes packages of this scope from anybody. */
export async function startRegistry(folder, scope) {
  const port = await freePort();
  const config = join(folder, 'registry.json');
  const settings = {
    storage: join(folder, 'registry'),
    auth: { htpasswd: { file: join(folder, 'users') } },
    uplinks: {},
    packages: { [`${scope}/*`]: { access: '$anonymous', publish: '$anonymous' } },
    log: { type: 'stdout', level: 'error' },
  };
  writeFileSync(config, JSON.stringify(settings));
  const registry = spawn(
    process.execPath,
    ['--no-warnings', program, '--config', config, '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  process.on('exit', () => registry.kill());
  const url = `http://127.0.0.1:${port}/`;
  await answers(`${url}-/ping`);
  return {
    url,
    /** What it has of a package: a manifest for each version. */
    async versionsOf(name) {
      const response = await fetch(url + name.replace('/', '%2f'));
      return response.ok ? (await response.json()).versions : {};
    },
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url) {
  const end = performance.now() + 30_000;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (performance.now() > end) throw new Error('the registry does not start');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
