import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { certify } from '@sessions/conformance';
import { Client, Pool, type PoolConfig, type QueryConfig } from 'pg';
import { again, failure } from '../../../tooling/calls.ts';
import { describeWith } from '../../../tooling/servers/find-server.ts';
import { findPostgres, ownPgBouncer } from '../../../tooling/servers/postgres.ts';
import type { ServerProcess } from '../../../tooling/servers/server-process.ts';
import { TcpProxy } from '../../../tooling/servers/tcp-proxy.ts';
import { PostgresSessionStore, type PostgresStoreOptions, schemaOf } from '../src/index.ts';
import { PostgresDriver } from '../src/postgres-driver.ts';
import { backendOf, newTable } from './support.ts';

describe('what a store may be given', () => {
  const make =
    (given: unknown, options: object = {}) =>
    () =>
      new PostgresSessionStore(given as string, options);

  test.each([
    'postgres://host',
    'postgresql://user:secret@host:5433/db?sslmode=verify-full',
    'postgres://a,b:5433,[::1]:5434/db',
    'postgres:///db?host=/var/run/postgresql',
    '/var/run/postgresql db',
  ])('%s', (url) => expect(make(url)).not.toThrow());

  test.each(['mysql://user:secret@host', 'postgres://user:secret@host:port/db', 'host', ''])(
    'no other URL, which no error repeats: %s',
    (url) => {
      expect(make(url)).toThrow(TypeError);
      expect(make(url)).not.toThrow(/secret/);
    },
  );

  test('no client, no URL object, no number, and no options of the store in the config', () => {
    expect(make(new Client())).toThrow(/no Client/);
    expect(make(new URL('postgres://host'))).toThrow(/a URL as text/);
    for (const given of [5432, null, () => {}]) expect(make(given)).toThrow(TypeError);
    expect(make({ host: 'host', table: 'people' })).toThrow('table belongs in the second argument');
  });

  test('no unknown option, and no name of a table that is none', () => {
    expect(make('postgres://host', { tabel: 'x' })).toThrow(/did you mean table/);
    for (const table of ['', 'a.b.c', '.a', 5, null]) {
      expect(make('postgres://host', { table })).toThrow(/table must be/);
    }
    // The server would cut both, to the same name.
    for (const last of ['1', '2']) {
      expect(make('postgres://host', { table: `${'a'.repeat(63)}${last}` })).toThrow(/at most 62/);
    }
    expect(make('postgres://host', { autoCreate: 'no' })).toThrow(/autoCreate/);
  });
});

const found = await findPostgres();

describeWith(found, { describe, test }, 'a connection', (server) => {
  const admin = new Pool({ connectionString: server.url });
  const schema = server.namespace();
  const role = server.namespace();
  const opened: PostgresSessionStore[] = [];

  beforeAll(async () => {
    await admin.query(`CREATE SCHEMA ${schema}; CREATE ROLE ${role} LOGIN`);
  });

  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

  afterAll(async () => {
    await admin.query(`DROP SCHEMA ${schema} CASCADE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    await admin.end();
    await server.stop();
  });

  function open(
    given: string | PoolConfig | Pool = server.url,
    options: PostgresStoreOptions = {},
  ): PostgresSessionStore {
    const store = new PostgresSessionStore(given, { table: `${schema}.${newTable()}`, ...options });
    opened.push(store);
    return store;
  }

  async function works(store: PostgresSessionStore): Promise<void> {
    await store.write('a', { n: 1 });
    expect(await store.update('a', (session) => ({ n: session?.n, m: 2 }))).toEqual({ n: 1, m: 2 });
    const ids = [];
    for await (const id of store.ids()) ids.push(id);
    expect(ids).toEqual(['a']);
  }

  /** The URL with these settings of the server, or others of its parts. */
  function urlWith(settings: Record<string, string>, parts: Partial<URL> = {}): string {
    const url = Object.assign(new URL(server.url), parts);
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    if (options.length > 0) url.searchParams.set('options', options.join(' '));
    return url.href;
  }

  test('by a config', async () => {
    const { hostname, port, username, pathname } = new URL(server.url);
    const config = { host: hostname, port: Number(port), user: username, max: 2 };
    await works(open({ ...config, database: pathname.slice(1) }));
    await works(open({ connectionString: server.url, max: 1 }));
  });

  test('with prepared statements, also of two tables on one connection', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    await works(open(pool));
    const { rows } = await pool.query('SELECT name FROM pg_prepared_statements');
    expect(rows.length).toBeGreaterThan(4);
    await works(open(pool));
    const { rowCount } = await pool.query('SELECT FROM pg_prepared_statements');
    expect(rowCount).toBeGreaterThan(rows.length);
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await pool.end();
  });

  test('by a connection that forgets its prepared statements', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const store = open(pool);
    await works(store);
    await pool.query('DEALLOCATE ALL');
    await works(store);
    expect((await pool.query('SELECT FROM pg_prepared_statements')).rowCount).toBe(0);
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await pool.end();
  });

  test('by a connection that was there before the table, or before a column of it was changed', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const table = `${schema}.${newTable()}`;
    const store = open(pool, { table, autoCreate: false });
    expect(await failure(store.init())).toMatchObject({ cause: { code: '42P01' } });
    await admin.query(schemaOf(table));
    await works(store);
    await admin.query(`ALTER TABLE ${table} ALTER session TYPE varchar, ALTER etag TYPE varchar`);
    await works(store);
    await admin.query(`DROP TABLE ${table}; ${schemaOf(table)}`);
    await works(store);
    await store.close();
    await pool.end();
  });

  test('by a pool of the caller, whatever it makes of types, which stays open', async () => {
    const parse = (text: unknown) => ({ text });
    const types = { getTypeParser: () => parse } as never;
    for (const more of [{}, { types }, { binary: true }]) {
      const pool = new Pool({ connectionString: server.url, ...more });
      const store = open(pool);
      await works(store);
      await store.close();
      await pool.query('SELECT 1');
      await pool.end();
    }
  });

  test('by a connection that somebody gave back within a transaction: acknowledged is committed', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const table = `${schema}.${newTable()}`;
    const store = await open(pool, { table }).init();
    for (const [id, then] of Object.entries({ open: 'SELECT 1', aborted: 'SELECT 1 / 0' })) {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query(then).catch(() => {});
      client.release();
      await store.write(id, {});
    }
    expect((await admin.query(`SELECT FROM ${table}`)).rowCount).toBe(2);
    await store.close();
    await pool.end();
  });

  test('by a pool whose statements a tracer copies, to put a comment into those without a name', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...all: unknown[]) => never;
      client.query = ((config: QueryConfig, ...rest: unknown[]) =>
        query(
          'name' in config ? config : { ...config, text: `${config.text} /**/` },
          ...rest,
        )) as never;
    });
    const store = open(pool);
    await works(store);
    await pool.query({ text: 'DEALLOCATE ALL' }); // from now on none has a name
    await works(store);
    await store.close();
    await pool.end();
  });

  test('many stores may share one pool, and a connection that breaks ends nobody', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on('warning', onWarning);
    const pool = new Pool({ connectionString: server.url, max: 3 });
    await Promise.all(Array.from({ length: 20 }, () => works(open(pool))));
    await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user',
    );
    await works(open(pool));
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await pool.end();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  test('the table and its index are made once, also by many at once, with an odd name', async () => {
    const last = `"Quoted" and 'more${'ä'.repeat(22)}`; // 62 bytes
    const name = `${schema}.${last}`;
    const stores = Array.from({ length: 8 }, () => open(server.url, { table: name }));
    await Promise.all(stores.map((store) => store.init()));
    await works(stores[0] as PostgresSessionStore);
    const { rows } = await admin.query('SELECT indexname FROM pg_indexes WHERE tablename = $1', [
      last,
    ]);
    expect(rows).toHaveLength(2);
  });

  test('without the right to create: only where the table is there', async () => {
    const url = urlWith({}, { username: role });
    const table = `${schema}.theirs`;
    await admin.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    const refused = await failure(open(url, { table }).init());
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', cause: { code: '42501' } });
    const missing = await failure(open(url, { table, autoCreate: false }).init());
    expect(missing).toMatchObject({ code: 'UNAVAILABLE', cause: { code: '42P01' } });
    await admin.query(schemaOf(table));
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
    await works(open(url, { table }));
    await works(open(url, { table, autoCreate: false }));
  });

  test('a table of others is refused, and left as it is', async () => {
    const table = `${schema}.others`;
    await admin.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, data text)`);
    expect(await failure(open(server.url, { table }).init())).toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  test('a database that is not in UTF8 is refused', async () => {
    const database = server.namespace();
    await admin.query(
      `CREATE DATABASE ${database} ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0`,
    );
    const error = await failure(open(urlWith({}, { pathname: database })).init());
    expect(error.message).toContain('SQL_ASCII');
    await admin.query(`DROP DATABASE ${database}`);
  });

  test('what may lose sessions in a crash is told', async () => {
    const table = `${schema}.unlogged`;
    await admin.query(schemaOf(table).replace('CREATE TABLE', 'CREATE UNLOGGED TABLE'));
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.message);
    await open(urlWith({ synchronous_commit: 'off' }), { table, onWarning }).init();
    await open(server.url, { onWarning }).init();
    const what = 'the table is unlogged, and synchronous_commit is off';
    expect(warnings).toEqual([`PostgreSQL may lose sessions in a crash: ${what}`]);
  });

  test.each([
    ['no such role', { username: 'nobody-here' }, '28000'],
    ['no such database', { pathname: '/nothing-here' }, '3D000'],
  ])('%s: fails at once', async (_, parts, code) => {
    const started = performance.now();
    const error = await failure(open(urlWith({}, parts), { timeout: 20_000 }).write('a', {}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', cause: { code } });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('no password for a server that asks for one: fails at once', async () => {
    // As the server does it: an R, the length, the kind of request.
    const request = (kind: number, text: string) => {
      const head = Buffer.from('R\0\0\0\0\0\0\0\0');
      head.writeInt32BE(8 + text.length, 1);
      head.writeInt32BE(kind, 5);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const asking = createServer((socket) => {
      const requests = [request(10, 'SCRAM-SHA-256\0\0'), request(11, 'r=a,s=YQ==,i=4096')];
      socket.on('error', () => {});
      socket.on('data', () => socket.write(requests.shift() ?? ''));
    });
    asking.listen(0, '127.0.0.1').unref();
    await once(asking, 'listening');
    const { port } = asking.address() as AddressInfo;
    const started = performance.now();
    const store = open(`postgres://postgres@127.0.0.1:${port}/postgres`, { timeout: 20_000 });
    expect(String((await failure(store.init())).cause)).toContain('password must be a string');
    expect(performance.now() - started).toBeLessThan(5000);
    asking.close();
  });

  test('too many connections: waits until one is free', async () => {
    await admin.query(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    const table = `${schema}.theirs`;
    const url = urlWith({}, { username: role });
    const other = new Client({ connectionString: url });
    await other.connect();
    const error = await failure(open(url, { table, timeout: 400 }).write('a', {}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', cause: { code: '53300' } });
    expect(error.outcome).toBe('not-applied');
    const writing = open(url, { table }).write('a', { n: 1 });
    await other.end();
    await writing;
    await admin.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
  });

  test('a server that takes no writes: reads work, and a write was not applied', async () => {
    const table = `${schema}.${newTable()}`;
    await works(open(server.url, { table }));
    const store = open(urlWith({ default_transaction_read_only: 'on' }), { table, timeout: 1000 });
    expect(await again(() => store.read('a'))).toEqual({ n: 1, m: 2 });
    const error = await failure(store.write('a', {}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(error.cause).toMatchObject({ code: '25006' });
  });

  test('what can no longer be applied in time is not sent again', async () => {
    const table = `${schema}.${newTable()}`;
    await works(open(server.url, { table }));
    const proxy = await TcpProxy.to(urlWith({ default_transaction_read_only: 'on' }));
    const store = await open(proxy.url, { table }).init();
    const real = performance.now;
    let sent = 0;
    proxy.onRequest = (data) => {
      if (!data.includes('sessions ') || !data.includes('late')) return;
      sent++;
      performance.now = () => real.call(performance) + 4600; // of 5000
    };
    try {
      const error = await failure(store.write('late', {}));
      expect(error).toMatchObject({ outcome: 'not-applied', cause: { code: '25006' } });
      expect(sent).toBe(1);
    } finally {
      performance.now = real;
      await store.close();
      await proxy.stop();
    }
  });

  test('a pool whose connections are all in use: not applied', async () => {
    const pool = new Pool({ connectionString: server.url, max: 1 });
    const store = open(pool, { timeout: 500 });
    await again(() => store.init());
    const client = await pool.connect();
    const error = await failure(store.write('a', {}));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    client.release();
    expect(await again(() => store.read('a'))).toBeNull();
    expect(pool.idleCount).toBe(1);
    await store.close();
    await pool.end();
    expect(await failure(open(pool).init())).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('of which the time was learnt too late: a write in time is not refused', async () => {
    const proxy = await TcpProxy.to(server.url);
    let greetings = 0;
    proxy.onRequest = (data) => {
      if (!data.includes('pg_is_in_recovery') || greetings++ > 0) return;
      setImmediate(() => {
        const end = performance.now() + 700;
        while (performance.now() < end); // the answer lies in the socket meanwhile
      });
    };
    const driver = new PostgresDriver(proxy.url, { table: `${schema}.${newTable()}` });
    await driver.open(5000, () => {});
    expect(greetings).toBe(1);
    const record = { session: '{}', expiresAt: null, etag: 'etag', history: [] };
    expect(await driver.put('a', record, undefined, 500)).toBe(true);
    expect(greetings).toBe(2);
    await driver.close();
    await proxy.stop();
  });

  test('to a server that says nothing: is closed by close, so that the process can end', async () => {
    const proxy = await TcpProxy.to(server.url);
    const store = open(proxy.url, { timeout: 1000 });
    await Promise.all([1, 2, 3].map((n) => again(() => store.write(String(n), {}))));
    await proxy.set('stuck');
    await failure(store.write('a', {}));
    await store.close();
    const { _getActiveHandles } = process as unknown as { _getActiveHandles(): unknown[] };
    const left = _getActiveHandles().filter(
      (handle) => handle instanceof Socket && handle.remotePort === proxy.port,
    );
    expect(left).toEqual([]);
    await proxy.stop();
  });

  describe('by TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    let front: Server;

    beforeAll(async () => {
      const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      execFileSync('openssl', [...request, ...subject, '-keyout', key, '-out', cert], {
        stdio: 'ignore',
      });
      // As the server does it: says S to the request for TLS, and goes on in it.
      front = createServer((plain) => {
        plain.on('error', () => {});
        plain.once('data', () => {
          plain.write('S');
          const secure = new TLSSocket(plain, {
            isServer: true,
            key: readFileSync(key),
            cert: readFileSync(cert),
          });
          const { hostname, port } = new URL(server.url);
          const far = connect(Number(port), hostname);
          for (const socket of [secure, far]) socket.on('error', () => plain.destroy());
          secure.pipe(far).pipe(secure);
        });
      });
      front.listen(0, '127.0.0.1');
      await once(front, 'listening');
    });

    afterAll(() => {
      front.close();
      rmSync(folder, { recursive: true });
    });

    const tlsUrl = (query: string) =>
      urlWith(
        {},
        {
          hostname: 'localhost',
          port: String((front.address() as AddressInfo).port),
          search: query,
        },
      );

    test('works, with the certificate checked', async () => {
      await works(open(tlsUrl(`?sslmode=verify-full&sslrootcert=${cert}`)));
      const ssl = { ca: readFileSync(cert) };
      await works(open({ connectionString: tlsUrl(''), ssl }));
    });

    test('a certificate of a stranger, or a server without TLS: refused at once', async () => {
      const started = performance.now();
      const strange = await failure(
        open(tlsUrl('?sslmode=verify-full'), { timeout: 20_000 }).init(),
      );
      expect(strange.cause).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      const none = urlWith({}, { search: '?sslmode=verify-full' });
      const plain = await failure(open(none, { timeout: 20_000 }).init());
      expect(String(plain.cause)).toContain('does not support SSL');
      expect(performance.now() - started).toBeLessThan(5000);
    });
  });

  describeWith(ownPgBouncer(), { describe, test }, 'PgBouncer', ({ start }) => {
    let bouncer: ServerProcess;
    beforeAll(async () => {
      bouncer = await start(server.url);
    });
    afterAll(() => bouncer.stop());

    certify({
      describe,
      test,
      name: 'in transaction mode',
      capabilities: { compareAndSet: 'cluster', survives: 'power-loss' },
      async backend() {
        const proxy = await TcpProxy.to(bouncer.url);
        return backendOf(
          admin,
          proxy.url,
          () => proxy.interrupt('held'),
          () => proxy.stop(),
        );
      },
    });
  });
});
