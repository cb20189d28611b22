import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
// @ts-expect-error: JavaScript without types
import { findNode } from '../../../tooling/newer-node/find.js';
import { describeWith, type Missing, type Server } from '../../../tooling/servers/find-server.ts';
import { findPostgres } from '../../../tooling/servers/postgres.ts';
import { findRedis } from '../../../tooling/servers/redis.ts';
import { openMongo } from '../../mongo/test/server.ts';
import { editor, project, run } from './support.ts';

jest.setTimeout(60_000); // each test runs a dozen processes

interface Backend {
  readonly name: string;
  readonly text: string;
  readonly node: string;
}

const folder = await mkdtemp(join(tmpdir(), 'sessions-cli-'));
const newer = findNode('22.13') as string | undefined;
const found: Record<string, Server | Missing> = {
  redis: await findRedis(),
  postgres: await findPostgres(),
  mongo: await openMongo(),
};

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  for (const server of Object.values(found)) if ('stop' in server) await server.stop();
});

const files = { name: 'file', text: `file:${folder}/files`, node: process.execPath };
describe('file', () => declare(files));

const sqlite: { node: string } | Missing = newer ? { node: newer } : { reason: 'no Node 22.13' };
describeWith(sqlite, { describe, test }, 'sqlite', ({ node }) => {
  declare({ name: 'sqlite', text: `sqlite:${folder}/bot.db`, node });
});

for (const [name, server] of Object.entries(found)) {
  describeWith(server, { describe, test }, name, ({ url }) => {
    declare({ name, text: url, node: process.execPath });
  });
}

/** What every store does alike. Ids begin with what no other test's do. */
function declare({ name, text, node }: Backend): void {
  const ids = (start: string) => ['a', 'ä', '👩‍👩‍👧 {x}*', 'w\u001b\n'].map((each) => start + each);
  const prefix = () => `cli-${randomBytes(4).toString('hex')}:`;

  /** A project with four sessions in the store, and how to run the command there. */
  async function begin(start: string) {
    const here = await project(`@sessions/${name}`, '@sessions/file');
    const program = `fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('1', '2'))`;
    const env = { SESSIONS_STORE: text, EDITOR: await editor(here, program) };
    const sessions = async (args: string[], input = '') => {
      const { code, stdout, stderr } = await run(here, args, { node, env, input });
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
      return { stdout, stderr };
    };
    const lines = ids(start).map((id) =>
      JSON.stringify({ id, session: { n: 1 }, expiresAt: null }),
    );
    await sessions(['import'], lines.join('\n'));
    return sessions;
  }

  test('looks', async () => {
    const start = prefix();
    const sessions = await begin(start);
    const { stdout } = await sessions(['ls', start, '--json']);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.map(({ id }) => id).sort()).toEqual(ids(start).sort());
    expect(rows[0]).toMatchObject({ bytes: 7, expiresAt: null });
    expect((await sessions(['ls', start, '--ids'])).stdout.trimEnd().split('\n')).toHaveLength(4);
    expect((await sessions(['stats', start])).stdout).toMatch(/^4 sessions, 28 B as JSON/);
    expect((await sessions(['verify', start])).stderr).toBe('4 sessions read, 0 cannot be\n');
  });

  test('changes', async () => {
    const start = prefix();
    const sessions = await begin(start);
    await sessions(['edit', `${start}a`]);
    const { stdout } = await sessions(['get', `${start}a`, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ session: { n: 2 }, expiresAt: null });
    await sessions(['touch', `${start}a`, '--expires-in', '60']);
    const { stdout: touched } = await sessions(['get', `${start}a`, '--json']);
    expect(JSON.parse(touched).expiresAt - Date.now()).toBeLessThan(3_600_000);
    await sessions(['rm', '--escaped', ...ids(start).map((id) => JSON.stringify(id))]);
    expect((await sessions(['ls', start, '--ids'])).stdout).toBe('');
    await sessions(['prune']);
  });

  test('moves', async () => {
    const start = prefix();
    const sessions = await begin(start);
    const away = ['copy', text, './copied', '--prefix', start];
    expect((await sessions(away)).stderr).toContain('4 sessions copied, 0 there already');
    await sessions(['clear', '--prefix', start, '--yes']);
    expect((await sessions(['ls', start, '--ids'])).stdout).toBe('');
    const back = ['copy', './copied', text];
    expect((await sessions(back)).stderr).toContain('4 sessions copied, 0 there already');
    expect((await sessions(back)).stderr).toContain('0 sessions copied, 4 there already');
  });

  test('doctor tells how it is set up, and what holds there', async () => {
    const here = await project(`@sessions/${name}`);
    await writeFile(join(here, 'sessions.config.mjs'), `export default ${JSON.stringify(text)}`);
    const { code, stdout, stderr } = await run(here, ['doctor', '--write', '--json'], { node });
    const all = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (what: string) => all.filter((each) => each.what === what);
    expect({ stderr, bad: all.filter(({ level }) => level === 'bad') }).toEqual({
      stderr: '',
      bad: [],
    });
    for (const what of ['connects', 'latency', 'index', 'free disk', 'permissions', 'clock']) {
      expect({ what, findings: of(what) }).toMatchObject({ what, findings: [{}] });
    }
    for (const what of ['connects', 'writing']) expect(of(what)).toMatchObject([{ level: 'ok' }]);
    expect(of('guarantees')).toHaveLength(2);
    expect(of('backend')).toEqual([]);
    if (name !== 'file')
      expect(of('version')).toMatchObject([{ says: expect.stringMatching(/\d\.\d/) }]);
    expect([0, 3]).toContain(code);
  });
}
