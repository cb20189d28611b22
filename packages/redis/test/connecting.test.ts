import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { ownRedis } from '../../../tooling/servers/redis.ts';
import { freePort, type ServerProcess, until } from '../../../tooling/servers/server-process.ts';
import { RedisSessionStore } from '../src/index.ts';
import { newPrefix, quiet } from './support.ts';

type Given = ConstructorParameters<typeof RedisSessionStore>[0];

test.each([
  [null, TypeError],
  [true, TypeError],
  [[], TypeError],
  [0, RangeError],
  [70_000, RangeError],
  [{ connect() {}, get() {}, sendCommand() {} }, TypeError], // of another library
])('refuses %p as a connection', (connection, error) => {
  expect(() => new RedisSessionStore(connection as Given)).toThrow(error);
});

test('refuses options that are none', () => {
  expect(() => new RedisSessionStore(1, { replicas: -1 })).toThrow(RangeError);
  expect(() => new RedisSessionStore(1, { replicas: 0.5 })).toThrow(RangeError);
  expect(() => new RedisSessionStore(1, { replicas: '1' as unknown as number })).toThrow(TypeError);
  expect(() => new RedisSessionStore(1, { prefix: 1 as unknown as string })).toThrow(TypeError);
  const misplaced = { port: 1, prefix: 'a:' };
  expect(() => new RedisSessionStore(misplaced)).toThrow(/prefix belongs in the second argument/);
  expect(() => new RedisSessionStore(1, 0)).toThrow(RangeError);
  expect(() => new RedisSessionStore(1, null as unknown as number)).toThrow(TypeError);
});

test.each([
  ['http://localhost:6379', /redis:\/\/ or rediss:\/\//],
  ['mongodb://localhost', /redis:\/\/ or rediss:\/\//],
  ['redis://:secret@localhost/mydb', /number of a database/],
  ['redis://:secret@localhost:99999', /cannot be read/],
  ['redis://:secret%@localhost', /cannot be read/],
  ['', /cannot be read/],
  [new URL('redis://:secret@localhost'), /as text/],
  [{ url: 'redis://localhost' }, /as text/],
] as [string, RegExp][])('%s is refused by the constructor', (url, why) => {
  const make = () => new RedisSessionStore(url);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(why);
  expect(make).not.toThrow(/secret/);
});

describeWith(ownRedis(), { describe, test }, 'connecting', ({ start }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-tls-'));
  const socket = join(folder, 'redis.sock');
  let server: ServerProcess;
  let tlsPort: number;

  beforeAll(async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert],
    ]);
    tlsPort = await freePort();
    server = await start([
      ...['--save', '', '--requirepass', 'pass word', '--unixsocket', socket],
      ...['--bind', '127.0.0.1', '-::1', '--user', 'bot', 'on', '>se/cret', '~bots:*'],
      ...['-@all', '+get', '+evalsha', '+eval', '+getrange', '+exists', '+strlen', '+time'],
      ...['+set', '+del', '+scan', '+append', '+hello', '+select', '+info'],
      ...['--user', 'digits', 'on', '>0123', '~*', '+@all'],
      ...['--tls-port', String(tlsPort), '--tls-cert-file', cert, '--tls-key-file', key],
      ...['--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'],
    ]);
  });

  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ca = () => readFileSync(join(folder, 'cert.pem'));
  const dist = JSON.stringify(pathToFileURL(join(import.meta.dirname, '../dist/index.js')).href);
  const password = 'pass word';
  const ways: Record<string, () => Given> = {
    'a URL with a password': () => `redis://:pass%20word@127.0.0.1:${server.port}`,
    'a URL with a database': () => `redis://default:pass%20word@127.0.0.1:${server.port}/3`,
    'no scheme': () => `:pass%20word@127.0.0.1:${server.port}/3`,
    'a query': () =>
      `redis://127.0.0.1:${server.port}?username=digits&password=0123&db=2&connectTimeout=2000`,
    options: () => ({ port: server.port, password, db: 5 }),
    'an IPv6 address': () => ({ host: '::1', port: server.port, password }),
    'a URL with an IPv6 address': () => `redis://:pass%20word@[::1]:${server.port}`,
    'a Unix socket': () => ({ path: socket, password }),
    TLS: () => ({ port: tlsPort, password, tls: { ca: ca() } }),
    'TLS, not verified': () => ({ port: tlsPort, password, tls: { rejectUnauthorized: false } }),
    'RESP 2': () => ({ port: server.port, password, protocol: 2 }),
    'numbers as texts': () => ({ port: server.port, password, stringNumbers: true }),
    'a prefix of the client': () => ({ port: server.port, password, keyPrefix: 'mine*:' }),
  };

  test.each(Object.keys(ways))('through %s', async (way) => {
    const store = new RedisSessionStore(ways[way]?.(), { ...quiet, prefix: newPrefix() });
    await store.init();
    await store.write('a', { n: 1 });
    expect(await store.update('a', (session) => ({ n: session?.n + 1 }))).toEqual({ n: 2 });
    expect(await store.read('a')).toEqual({ n: 2 });
    expect(await store.all()).toEqual([{ n: 2 }]);
    await store.destroy('a');
    expect(await store.all()).toEqual([]);
    await store.close();
  });

  test('a database of its own holds none of the others', async () => {
    const prefix = newPrefix();
    const at = (db: number) =>
      new RedisSessionStore({ port: server.port, password, db }, { ...quiet, prefix });
    const [one, two] = [at(1), at(2)];
    await one.write('a', { n: 1 });
    expect(await two.read('a')).toBeNull();
    expect(await two.all()).toEqual([]);
    await one.destroy('a');
    await Promise.all([one.close(), two.close()]);
  });

  test('as a user who may do no more than the README lists', async () => {
    const given = { port: server.port, username: 'bot', password: 'se/cret' };
    const store = new RedisSessionStore(given, { prefix: 'bots:', onWarning: fail });
    await store.write('a', { n: 1 });
    await store.update('a', (session) => ({ ...session, m: 2 }));
    expect(await store.all()).toEqual([{ n: 1, m: 2 }]);
    await store.destroy('a');
    await store.close();
    const stray = new RedisSessionStore(given, { prefix: 'others:', timeout: 1000 });
    const error = await failure(stray.write('secret-id', { secret: 'secret-data' }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(String(error.cause)).toContain('NOPERM');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/secret-(id|data)/);
    await stray.close();
  });

  test.each([
    ['a wrong password', () => ({ port: server.port, password: 'wrong' }), /WRONGPASS/],
    ['no password', () => server.port, /NOAUTH/],
    ['an unknown user', () => `redis://x:y@127.0.0.1:${server.port}`, /WRONGPASS/],
    ['no such database', () => ({ port: server.port, password, db: 99 }), /DB index/],
    ['a stranger’s certificate', () => ({ port: tlsPort, password, tls: {} }), /self-signed/],
    ['the same by a scheme in capitals', () => `REDISS://127.0.0.1:${tlsPort}`, /self-signed/],
  ] as [string, () => Given, RegExp][])(
    '%s is a clear error of init, at once',
    async (_, given, why) => {
      const store = new RedisSessionStore(given(), { ...quiet, timeout: 15_000 });
      const started = performance.now();
      const error = await failure(store.init());
      expect(performance.now() - started).toBeLessThan(8000);
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(error.message).toMatch(why);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/pass word|wrong/);
      await store.close();
    },
  );

  describe('with a client of the caller’s', () => {
    const connections = async (admin: Redis) =>
      String(await admin.call('CLIENT', 'LIST')).match(/^id=/gm)?.length;

    test('it lends its settings and nothing else, whatever becomes of it', async () => {
      const client = new Redis({ port: server.port, password, lazyConnect: true });
      const listeners = () => client.eventNames().map((event) => client.listenerCount(event));
      const before = listeners();
      const store = new RedisSessionStore(client, { ...quiet, prefix: newPrefix() });
      await store.write('a', { n: 1 });
      expect(client.status).toBe('wait');
      expect(listeners()).toEqual(before);
      await client.ping();
      client.disconnect();
      expect(await store.read('a')).toEqual({ n: 1 });
      await store.destroy('a');
      await store.close();
    });

    test('all stores that share it share one more connection, closed with the last', async () => {
      const client = new Redis({ port: server.port, password });
      const before = (await connections(client)) ?? 0;
      const make = () => new RedisSessionStore(client, { ...quiet, prefix: newPrefix() });
      const stores = Array.from({ length: 5 }, make);
      await Promise.all(stores.map((store) => store.init()));
      expect(await connections(client)).toBe(before + 1);
      await Promise.all(stores.slice(1).map((store) => store.close()));
      await stores[0]?.write('a', { n: 1 });
      await stores[0]?.destroy('a');
      expect(await connections(client)).toBe(before + 1);
      await stores[0]?.close();
      const isGone = async () => (await connections(client)) === before;
      await until(isGone, 'the connection to be gone');
      const late = await make().init();
      expect(await connections(client)).toBe(before + 1);
      await late.close();
      client.disconnect();
    });

    test('that loses its server, the store works again with it', async () => {
      const other = await start(['--save', '']);
      const client = new Redis(other.port, { retryStrategy: () => 50 });
      client.on('error', () => {});
      const store = new RedisSessionStore(client, { ...quiet, timeout: 3000 });
      await store.write('a', { n: 1 });
      await other.kill();
      const writing = store.write('a', { n: 2 });
      await other.start();
      await writing.catch(() => {});
      await store.write('a', { n: 3 });
      expect(await store.read('a')).toEqual({ n: 3 });
      await store.close();
      client.disconnect();
      await other.stop();
    });
  });

  test.each(['close', 'nothing', 'a failed init'])(
    'the process ends by itself after %s',
    (what) => {
      const program = `
      import { RedisSessionStore } from ${dist};
      const store = new RedisSessionStore(${what === 'a failed init' ? 1 : server.port}, { timeout: 500, onWarning() {} });
      if (${what === 'a failed init'}) await store.init().catch(() => console.log('failed'));
      if (${what === 'close'}) { await store.init().catch(() => {}); await store.close(); }
      console.log('end');`;
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '--eval', program],
        { encoding: 'utf8', timeout: 20_000, cwd: import.meta.dirname },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/end\n$/);
    },
    25_000,
  );

  test('many stores on one client, and many listings at once, warn of no leak', () => {
    const program = `
      import { Redis } from 'ioredis';
      import { RedisSessionStore } from ${dist};
      const client = new Redis({ port: ${server.port}, password: 'pass word' });
      const most = client.getMaxListeners();
      const prefix = 'bots:listeners:';
      const stores = Array.from({ length: 30 }, () => new RedisSessionStore(client, { prefix, onWarning() {} }));
      await Promise.all(stores.map((store) => store.init()));
      await Promise.all(stores.map((store) => store.all()));
      await Promise.all(stores.map((store) => store.close()));
      console.log(client.getMaxListeners() === most);
      await client.quit();`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { encoding: 'utf8', timeout: 20_000, cwd: import.meta.dirname },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  }, 25_000);

  describe('a server that may lose sessions by itself gets one warning', () => {
    async function warnings(extra: string[]): Promise<string[]> {
      const other = await start(extra);
      const heard: string[] = [];
      const onWarning = (warning: Error) => void heard.push(warning.message);
      const store = new RedisSessionStore(other.port, { onWarning });
      try {
        await store.init();
      } finally {
        await store.close();
        await other.stop();
      }
      return heard;
    }

    test('none, when it keeps what it gets', async () => {
      expect(await warnings(['--save', '60 1'])).toEqual([]);
      expect(await warnings(['--save', '', '--appendonly', 'yes'])).toEqual([]);
    });

    test('when it evicts', async () => {
      const heard = await warnings(['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru']);
      expect(heard).toEqual([expect.stringMatching(/evicts.*allkeys-lru/)]);
    });

    test('when it writes nothing to disk', async () => {
      expect(await warnings(['--save', ''])).toEqual([expect.stringMatching(/disk/)]);
    });

    test('one for both, and none fails without CONFIG', async () => {
      const both = ['--save', '', '--maxmemory-policy', 'volatile-ttl'];
      expect(await warnings(both)).toEqual([expect.stringMatching(/evicts.*disk/)]);
      const forbidden = ['--rename-command', 'CONFIG', ''];
      expect(await warnings(['--save', '', ...forbidden])).toEqual([]);
    });
  });

  test('a full server refuses by name, and applies nothing', async () => {
    const other = await start(['--save', '60 1', '--maxmemory', '1mb']);
    const store = new RedisSessionStore(other.port, quiet);
    const error = await failure(store.write('a', { x: 'x'.repeat(2_000_000) }));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(String(error.cause)).toContain('OOM');
    expect(await store.read('a')).toBeNull();
    await store.close();
    await other.stop();
  });
});

function fail(warning: Error): void {
  throw warning;
}
