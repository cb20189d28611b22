import type { Redis } from 'ioredis';
import { type Client, connectTimeout, isCluster, masters } from './client.ts';
import { isFinal, plain } from './errors.ts';
import { ServerClock } from './server-clock.ts';

const END_PAUSE = 250; // ms

interface LinkEvents {
  /** There is a connection, and the clock of the server at its other end is known. */
  onReady(): void;
  /** There never was a connection, and trying on is in vain. */
  onRefused(error: Error): void;
}

/** The client's connection: made, made again when it is lost, and let go. */
export class Link {
  readonly client: Client;
  readonly clock: ServerClock = new ServerClock();
  /** What to blame when there is no connection. */
  lastError: Error | undefined;
  readonly #events: LinkEvents;
  #timeout = 0;
  #isReady = false;
  #wasReady = false;
  #isClosed = false;
  #corked: Redis['stream'][] = [];
  #handshake: NodeJS.Timeout | undefined;

  constructor(client: Client, events: LinkEvents) {
    this.client = client;
    this.#events = events;
    client.on('connect', () => this.#expectReady());
    client.on('ready', () => this.#prepare());
    client.on('close', () => this.#lost());
    // The caller's settings may end all trying; a store does not.
    client.on('end', () => setTimeout(() => this.connect(), END_PAUSE).unref());
    client.on('error', (error: Error) => this.#note(error));
    client.on('node error', (error: Error) => {
      this.lastError = plain(error); // others may do
    });
  }

  get isReady(): boolean {
    return this.#isReady && this.client.status === 'ready';
  }

  connect(): void {
    if (!this.#isClosed) this.client.connect().catch(() => {}); // goes on trying by itself
  }

  /** Milliseconds that whoever waits longest waits. */
  expect(timeout: number): void {
    this.#timeout = Math.max(this.#timeout, timeout);
  }

  close(): void {
    this.#isClosed = true;
    this.#lost();
    this.client.disconnect();
    if (!isCluster(this.client)) this.client.stream?.destroy();
  }

  /** Lets this connection go for a new one. What was sent and not answered is lost. */
  renew(): void {
    if (!this.#isReady) return; // on the way already
    this.#isReady = false;
    this.client.disconnect(true);
  }

  /** Has the client of a cluster ask who serves what; by itself it does so only when told to. */
  async refresh(): Promise<void> {
    const client = this.client as { refreshSlotsCache?(done: () => void): void };
    await new Promise<void>((resolve) => {
      if (client.refreshSlotsCache) client.refreshSlotsCache(resolve);
      else resolve();
    });
  }

  /** What is sent in one turn of the event loop leaves in one write, at the end of that turn. */
  cork(): void {
    if (this.#corked.length > 0) return;
    this.#corked = masters(this.client).map((node) => node.stream);
    for (const stream of this.#corked) stream?.cork?.();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    for (const stream of this.#corked) stream?.uncork?.();
    this.#corked = [];
  };

  async #prepare(): Promise<void> {
    try {
      await this.clock.measure(masters(this.client)); // it may be another server now
      clearTimeout(this.#handshake);
      this.#isReady = true;
      this.#wasReady = true;
      this.#events.onReady();
    } catch (error) {
      this.#note(error as Error);
    }
  }

  /** A server that lets itself be called and then says nothing is called again. */
  #expectReady(): void {
    clearTimeout(this.#handshake);
    this.#handshake = setTimeout(
      () => this.client.disconnect(true),
      connectTimeout(this.#timeout),
    ).unref();
  }

  #lost(): void {
    this.#isReady = false;
    clearTimeout(this.#handshake);
  }

  #note(error: Error): void {
    this.lastError = plain(error);
    if (!this.#wasReady && isFinal(error)) this.#events.onRefused(this.lastError);
  }
}
