import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * - `open`: passes everything on.
 * - `mute`: requests arrive, answers are swallowed.
 * - `stuck`: nothing goes through in either direction; connections are accepted and stay.
 * - `down`: connections break and new ones are refused.
 * - `held`: requests are held back until `deliver`, also those of clients that hang up.
 */
export type Traffic = 'open' | 'mute' | 'stuck' | 'down' | 'held';

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  held: Buffer[] | undefined;
}

/** A TCP proxy on 127.0.0.1 in front of a server, for networks that fail in every way. */
export class TcpProxy {
  /** Connections accepted so far. */
  accepted = 0;
  /** The first request that matches breaks its connection, and does not arrive. */
  breakAt: RegExp | undefined;
  /** Gets what clients send, as it comes. */
  onRequest: ((data: Buffer) => void) | undefined;
  readonly #target: URL;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #traffic: Traffic = 'open';

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  /** A proxy for the server of that URL. */
  static async to(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(url);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** The URL of the server, by way of this proxy. */
  get url(): string {
    const url = new URL(this.#target);
    url.host = `127.0.0.1:${this.#port}`;
    return url.href;
  }

  /** Changes what happens to what is sent from now on, on connections old and new. */
  async set(traffic: Traffic): Promise<void> {
    this.#traffic = traffic;
    if (traffic === 'held') for (const pair of this.#pairs) pair.held ??= [];
    if (traffic === 'down') {
      this.#server?.close();
      this.#server = undefined;
      this.cut();
    } else if (!this.#server) {
      await this.#listen();
    }
  }

  /** Takes the server away, as the kit asks for it. */
  async interrupt(traffic: Traffic) {
    await this.set(traffic);
    const restore = () => this.set('open');
    return traffic === 'held' ? { restore, deliver: () => this.deliver() } : restore;
  }

  /** Breaks the connections there are. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  /** Breaks the connections on the side of the clients: what was held back is still there. */
  hangUp(): void {
    for (const { near } of this.#pairs) near.destroy();
  }

  /** Lets the server have all that was held back. */
  deliver(): void {
    for (const pair of this.#pairs) {
      for (const data of pair.held ?? []) pair.far.write(data);
      pair.held = undefined;
      if (pair.near.destroyed) pair.far.end();
    }
  }

  async stop(): Promise<void> {
    await this.set('down');
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => this.#join(near));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  #join(near: Socket): void {
    this.accepted++;
    const { hostname, port } = this.#target;
    const far = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
    const held = this.#traffic === 'held' ? [] : undefined;
    const pair: Pair = { near, far, held };
    this.#pairs.add(pair);
    near.on('data', (data) => {
      this.onRequest?.(data);
      if (this.breakAt?.test(data.toString('latin1'))) {
        this.breakAt = undefined;
        near.destroy();
      } else if (pair.held) pair.held.push(data);
      else if (this.#traffic === 'open' || this.#traffic === 'mute') far.write(data);
    });
    far.on('data', (data) => {
      if (this.#traffic === 'open') near.write(data);
    });
    near.on('close', () => {
      if (!pair.held) far.destroy();
    });
    far.on('close', () => {
      this.#pairs.delete(pair);
      near.destroy();
    });
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
    }
  }
}
