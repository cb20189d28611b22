// Usage: pnpm runtimes [part of a name]
//
// Certifies the packed memory, file and Redis stores on other runtimes, which npm packages carry. It
// runs on one of these itself, as it imports TypeScript.
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packaged } from '../newer-node/find.js';
import { findRedis } from '../servers/redis.ts';
import { packAll, project } from '../smoke/project.js';

const modules = fileURLToPath(new URL('node_modules', import.meta.url));
const runtimes = [
  ['node-22', [packaged]],
  ...['node-24', 'node-26'].map((name) => [name, [`${modules}/${name}/bin/node`]]),
  ['bun', [`${modules}/.bin/bun`]],
  ['deno', [`${modules}/.bin/deno`, 'run', '--allow-all', '--quiet']],
].filter(([name]) => name.includes(process.argv[2] ?? ''));

packAll();
const names = ['core', 'memory', 'file', 'redis', 'conformance'];
const folder = project(
  'runtimes',
  names.map((name) => `@sessions/${name}`),
);
for (const [file, name] of [
  ['certify.mjs', 'certify.mjs'],
  ['elsewhere.mjs', 'elsewhere.mjs'],
  ['../servers/tcp-proxy.ts', 'tcp-proxy.mts'], // an ES module in a project of CommonJS
]) {
  copyFileSync(new URL(file, import.meta.url), join(folder, name));
}

const redis = await findRedis();
if ('reason' in redis) throw new Error(redis.reason);
for (const [name, [program, ...args]] of runtimes) {
  const env = { ...process.env, NODE_OPTIONS: '', REDIS_URL: redis.url };
  const how = { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] };
  const { status } = spawnSync(program, [...args, 'certify.mjs', name], how);
  if (status !== 0) process.exitCode = 1;
}
await redis.stop();
