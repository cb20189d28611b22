import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { type Program, ServerProcess } from './server-process.ts';

const LONGEST_CONNECT = 5000; // ms

/** A kind of server that tests need, such as Redis. */
export interface Kind extends Program {
  readonly name: string;
  /** The environment variable with the URL of a server that is there already. */
  readonly urlVariable: string;
  /** The image to start with testcontainers, and the environment variable for another one. */
  readonly image: string;
  readonly imageVariable: string;
  /** The port that it listens on in the image. */
  readonly port: number;
  /** What the image wants in its environment. */
  readonly environment?: Record<string, string>;
}

export interface Server {
  readonly url: string;
  /** Where it was found, for people. */
  readonly origin: string;
  /** A name that nothing on the server has yet, of lower-case letters and digits. */
  namespace(): string;
  stop(): Promise<void>;
}

/** Why there is no server. */
export interface Missing {
  readonly reason: string;
}

/**
 * A server of this kind: the one whose URL the environment names, or one of its own, in a
 * container or as a process. One for each test file; stop it at the end.
 */
export async function findServer(kind: Kind): Promise<Server | Missing> {
  const url = process.env[kind.urlVariable];
  if (url && !(await isAnswered(url, kind.port))) {
    return { reason: `nothing at ${kind.urlVariable} that answers` };
  }
  if (url) return server(url, kind.urlVariable, async () => {});
  let reason = `no ${kind.urlVariable}`;
  try {
    return await inContainer(kind);
  } catch (error) {
    reason += `, no container (${firstLine(error)})`;
  }
  if (onPath(kind.program)) {
    const started = await ServerProcess.start(kind);
    return server(started.url, kind.program, () => started.stop());
  }
  return { reason: `${reason}, no ${kind.program} on PATH` };
}

/** Whether somebody listens there; a URL that names no single host is believed. */
async function isAnswered(url: string, usualPort: number): Promise<boolean> {
  if (!URL.canParse(url) || url.includes('+srv:')) return true;
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port) || usualPort, hostname.replace(/^\[|\]$/g, ''));
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(LONGEST_CONNECT) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whether the program can be run. */
export function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What declares tests: `describe` and `test` of the runner. */
export interface Runner {
  readonly describe: ((name: string, body: () => void) => unknown) & {
    skip(name: string, body: () => void): unknown;
  };
  test(name: string, body: () => void | Promise<void>): unknown;
}

/**
 * Declares tests that need what was looked for. Where it is missing they are skipped, with the
 * reason in the name, or one test fails if SESSIONS_REQUIRE_SERVERS is 1.
 */
export function describeWith<T extends object>(
  found: T | Missing,
  { describe, test }: Runner,
  name: string,
  body: (found: T) => void,
): void {
  if (!('reason' in found)) {
    describe(name, () => body(found));
  } else if (process.env.SESSIONS_REQUIRE_SERVERS === '1') {
    describe(name, () => {
      test('has a server', () => {
        throw new Error(`SESSIONS_REQUIRE_SERVERS is 1, and there is ${found.reason}`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${found.reason})`, () => {
      test('needs a server', () => {});
    });
  }
}

/** The name of the image to start. */
export function imageOf(kind: Kind): string {
  return process.env[kind.imageVariable] || kind.image;
}

/** What an error says, to be put into the name of a test. */
export function firstLine(error: unknown): string {
  return String((error as Error).message ?? error).split('\n')[0] as string;
}

async function inContainer(kind: Kind): Promise<Server> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const image = imageOf(kind);
  const container = await new GenericContainer(image)
    .withEnvironment(kind.environment ?? {})
    .withCommand([kind.program, ...kind.args('0.0.0.0', kind.port)])
    .withExposedPorts(kind.port)
    .withWaitStrategy(Wait.forLogMessage(kind.ready))
    .withStartupTimeout(60_000)
    .start();
  const url = kind.url(container.getHost(), container.getMappedPort(kind.port));
  return server(url, `image ${image}`, async () => {
    await container.stop();
  });
}

function server(url: string, origin: string, stop: () => Promise<void>): Server {
  return { url, origin, stop, namespace: () => `t${randomBytes(8).toString('hex')}` };
}
