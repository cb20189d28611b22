import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Interruption, Restore } from '../src/backend.ts';

interface Proxy {
  readonly port: number;
  close(): void;
  refuse(): Restore;
  freeze(): Interruption;
}

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [, program = ''] =
  /^```js\n([^`]*export async function proxyTo.*?)^```$/ms.exec(README) ?? [];
const { proxyTo }: { proxyTo(port: number): Promise<Proxy> } = await import(
  `data:text/javascript,${encodeURIComponent(program)}`
);

let heard: string;
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    heard += data;
    socket.write(`${data}!`);
  });
});
let proxy: Proxy;

beforeEach(async () => {
  heard = '';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await proxyTo((server.address() as AddressInfo).port);
});

afterEach(() => {
  proxy.close();
  server.close();
});

async function connected(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket.on('error', () => {});
}

async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = await once(socket, 'data');
  return String(data);
}

test('the proxy in the README passes everything on', async () => {
  expect(await answerTo(await connected(), 'a')).toBe('a!');
});

test('it refuses connections, old and new, until it is restored', async () => {
  const old = await connected();
  await answerTo(old, 'a');
  const restore = proxy.refuse();
  await once(old, 'close');
  await expect(connected()).rejects.toThrow('ECONNREFUSED');
  await restore();
  expect(await answerTo(await connected(), 'b')).toBe('b!');
});

test('it freezes connections, old and new, and delivers what clients sent that are gone', async () => {
  const [old, idle] = [await connected(), await connected()];
  await answerTo(old, 'a');
  const { restore, deliver } = proxy.freeze();
  const fresh = await connected();
  old.write('b');
  await pause(20);
  old.destroy();
  fresh.write('c');
  await pause(50);
  expect(heard).toBe('a');
  await restore();
  expect(await answerTo(idle, 'd')).toBe('d!');
  expect(await answerTo(await connected(), 'e')).toBe('e!');
  expect(heard).toBe('ade');
  await deliver();
  await pause(50);
  expect([...heard].sort().join('')).toBe('abcde');
});
