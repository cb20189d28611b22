import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type FullSessionStore, KeyedMutex } from '@sessions/core';
import { FileSessionStore } from '@sessions/file';
import { MemorySessionStore } from '@sessions/memory';
import { MongoSessionStore } from '@sessions/mongo';
import { PostgresSessionStore } from '@sessions/postgres';
import { RedisSessionStore } from '@sessions/redis';
import { Redis } from 'ioredis';
import { Client } from 'pg';
// @ts-expect-error it has no types
import { findNode } from '../../../tooling/newer-node/find.js';
import { describeWith, type Missing } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { freePort, until } from '../../../tooling/servers/server-process.ts';
import { describeMongo, openMongo } from '../../mongo/test/server.ts';
import { newTable } from '../../postgres/test/support.ts';
import { newPrefix, removeAll } from '../../redis/test/support.ts';
import { countIn, countingBot } from './counting-bot.ts';
import { nodeAt, packageFolder, project } from './support.ts';

const quiet = { onWarning: () => {} };
const redis = await findRedis();
const mongo = await openMongo();
const postgres = await findPostgres();
afterAll(async () => {
  for (const found of [redis, mongo, postgres]) if ('stop' in found) await found.stop();
});

/** What bots of Bottender do on a store that another call of `open` opens anew. */
function testBots(open: () => FullSessionStore | Promise<FullSessionStore>) {
  test('a bot that is started again goes on with its state', async () => {
    const first = await open();
    await countingBot(first)(1);
    await countingBot(first)(1);
    await first.close();
    const second = await open();
    await countingBot(second)(1);
    expect(await second.read('telegram:1')).toEqual({
      id: 'telegram:1',
      platform: 'telegram',
      user: { id: 1, _updatedAt: expect.any(String) },
      lastActivity: expect.any(Number),
      _state: { count: 3 },
    });
    await second.close();
  });

  test('of 100 messages at once all are counted in line, and not so otherwise', async () => {
    const store = await open();
    const send = countingBot(store);
    const lines = new KeyedMutex();
    const hundred = Array.from({ length: 100 });
    await Promise.all(hundred.map(() => lines.run('2', () => send(2))));
    expect(await countIn(store, 'telegram:2')).toBe(100);
    await Promise.all(hundred.map(() => send(3)));
    expect(await countIn(store, 'telegram:3')).toBeLessThan(100);
    await store.close();
  });
}

describe('a bot on files', () => {
  const folder = project();
  testBots(async () => new FileSessionStore(await folder, quiet));
});

describeWith(redis, { describe, test }, 'a bot on Redis', ({ url }) => {
  const prefix = newPrefix();
  afterAll(async () => {
    const client = new Redis(url);
    await removeAll(client, prefix);
    client.disconnect();
  });
  testBots(() => new RedisSessionStore(url, { ...quiet, prefix }));
});

describeMongo(mongo, 'a bot on Mongo', (server) => {
  const dbName = server.namespace();
  afterAll(() => server.client.db(dbName).dropDatabase());
  testBots(() => new MongoSessionStore(server.direct(), { ...quiet, dbName }));
});

describeWith(postgres, { describe, test }, 'a bot on PostgreSQL', ({ url }) => {
  const table = newTable();
  afterAll(async () => {
    const client = new Client(url);
    await client.connect();
    await client.query(`DROP TABLE ${table}`);
    await client.end();
  });
  testBots(() => new PostgresSessionStore(url, { ...quiet, table }));
});

// From this version on Node runs TypeScript, too.
const newer = findNode('22.18') as string | undefined;
const node: { newer: string } | Missing = newer ? { newer } : { reason: 'no Node 22.18' };
describeWith(node, { describe, test }, 'a bot on SQLite', ({ newer }) => {
  test('goes on with its state when it is started again, and counts 100 messages in line', async () => {
    const program = `
      import { KeyedMutex } from '@sessions/core';
      import { SqliteSessionStore } from '@sessions/sqlite';
      import { countIn, countingBot } from './counting-bot.ts';
      const open = () => new SqliteSessionStore(process.argv[1]);
      for (let start = 0; start < 2; start++) {
        const store = open();
        await countingBot(store)(1);
        await store.close();
      }
      const store = open();
      const send = countingBot(store);
      const lines = new KeyedMutex();
      await Promise.all(Array.from({ length: 100 }, () => lines.run('2', () => send(2))));
      console.log(await countIn(store, 'telegram:1'), await countIn(store, 'telegram:2'));`;
    const path = join(await project(), 'bot.db');
    const args = ['--input-type=module', '--eval', program, path];
    const { stdout, stderr } = await nodeAt(newer, import.meta.dirname, ...args);
    expect({ stdout, stderr }).toEqual({ stdout: '2 100\n', stderr: '' });
  });
});

test('a bot in memory counts 100 messages at once, in line', async () => {
  const store = new MemorySessionStore();
  const send = countingBot(store);
  const lines = new KeyedMutex();
  await Promise.all(Array.from({ length: 100 }, () => lines.run('2', () => send(2))));
  expect(await countIn(store, 'telegram:2')).toBe(100);
});

/** A project with Bottender, the settings of the README and a handler that counts. */
async function bottenderProject(settings = (text: string) => text): Promise<string> {
  const folder = await project('bottender', '@sessions/core', '@sessions/file');
  const brought = dirname(await realpath(join(packageFolder, 'node_modules/bottender')));
  for (const name of ['express', 'body-parser']) {
    await symlink(join(brought, name), join(folder, 'node_modules', name));
  }
  const config = settings(await block('bottender.config.js'));
  await writeFile(join(folder, 'bottender.config.js'), config);
  await writeFile(join(folder, 'server.js'), await block('server.js'));
  const handler = `module.exports = async (context) => {
    await new Promise(setImmediate);
    context.setState({ count: context.state.count + 1 });
    if (context.platform === 'console') await context.sendText('number ' + context.state.count);
  };`;
  await writeFile(join(folder, 'index.js'), handler);
  return folder;
}

async function block(name: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'README.md'), 'utf8');
  return new RegExp(`^\`\`\`js ${name}\\n(.*?)^\`\`\``, 'ms').exec(text)?.[1] ?? '';
}

const environment = { ...process.env, NODE_PATH: '', NODE_OPTIONS: '', NO_UPDATE_NOTIFIER: '1' };

/** `bottender start --console`, and what it answers to one line. */
async function say(folder: string, line: string): Promise<string> {
  const args = ['node_modules/bottender/bin/cli.js', 'start', '--console'];
  const child = spawn(process.execPath, args, { cwd: folder, env: environment });
  let output = '';
  child.stdout.on('data', (data) => {
    const before = output.split('You > ').length;
    output += data;
    const after = output.split('You > ').length;
    if (before === 1 && after === 2) child.stdin.write(`${line}\n`);
    if (before === 2 && after === 3) child.stdin.write('/exit\n');
  });
  await once(child, 'exit');
  return output;
}

test('bottender start --console goes on where it was, with the settings of the README', async () => {
  const folder = await bottenderProject();
  expect(await say(folder, 'Hi')).toContain('number 1');
  expect(await say(folder, 'Hi')).toContain('number 2');
  const store = new FileSessionStore(join(folder, 'sessions'));
  expect(await countIn(store, 'console:1')).toBe(2);
  const { expiresAt } = (await store.readVersion('console:1')) ?? {};
  expect(expiresAt).toBeLessThanOrEqual(Date.now() + 60 * 60_000);
});

test('a driver that is named file is that of Bottender', async () => {
  const folder = await bottenderProject((text) =>
    text
      .replace("driver: 'sessions'", "driver: 'file'")
      .replace('stores: { sessions', 'stores: { file'),
  );
  expect(await say(folder, 'Hi')).toContain('number 1');
  expect(await readdir(join(folder, '.sessions'))).toEqual(['console:1.json']);
});

test('the server of the README counts 100 messages at once', async () => {
  const channel = "channels: { telegram: { enabled: true, accessToken: '42:token', sync: true } },";
  const folder = await bottenderProject((text) =>
    text.replace('  session:', `  ${channel}\n  session:`),
  );
  const port = await freePort();
  const env = { ...environment, PORT: String(port) };
  const server = spawn(process.execPath, ['server.js'], { cwd: folder, env });
  try {
    const body = JSON.stringify({
      update_id: 1,
      message: { message_id: 1, chat: { id: 42, type: 'private' }, from: { id: 42 }, text: 'Hi' },
    });
    const headers = { 'content-type': 'application/json' };
    const url = `http://127.0.0.1:${port}/webhooks/telegram`;
    const post = () => fetch(url, { method: 'POST', headers, body });
    await until(() => listensAt(port), 'a server that listens');
    const answers = await Promise.all(Array.from({ length: 100 }, post));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    const store = new FileSessionStore(join(folder, 'sessions'));
    expect(await countIn(store, 'telegram:42')).toBe(100);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});

function listensAt(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
