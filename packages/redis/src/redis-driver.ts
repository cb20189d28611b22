import { createHash } from 'node:crypto';
import {
  type Capabilities,
  type Driver,
  type DriverEntry,
  HISTORY_LENGTH,
  isRecord,
  SessionError,
  type SessionRecord,
} from '@sessions/core';
import type { ChainableCommander, Redis } from 'ioredis';
import {
  type Client,
  Connection,
  isClient,
  isCluster,
  type Job,
  masters,
  ownClient,
  unavailable,
} from './connection.ts';
import { foreignKeysIn } from './foreign-keys.ts';
import { checkGiven, type Given } from './given.ts';
import { decodeId, encodeId, patternOf } from './keys.ts';

// A record is one string: a line that the scripts read, and the session as JSON.
//   s1 <bytes of JSON> <expiresAt or -> <etag> <former etags …>\n{…}
// The line has at most HEAD bytes, so that no script ever takes up a whole session.
const FORMAT = 's1';
const HEAD = 1024;
const HEAD_PATTERN = '^s1 (%d+) %S+ (%S+)([^\\n]*)\\n()';

// What the scripts answer, besides 1 and 0. Any number below these is the server's time, negative:
// the command came after its deadline and did nothing.
const CORRUPT = -1;

const IN_TIME = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return -now end`;

const FIND = `
local head = redis.pcall('GETRANGE', KEYS[1], 0, ${HEAD - 1})
if type(head) == 'table' and not string.find(head.err, 'WRONGTYPE', 1, true) then return head end
local found, bytes, etag, former, stop = head ~= '' or redis.call('EXISTS', KEYS[1]) == 1
if found and type(head) == 'string' then
  bytes, etag, former, stop = string.match(head, '${HEAD_PATTERN}')
  if bytes and redis.call('STRLEN', KEYS[1]) ~= stop - 1 + bytes then etag = nil end
end`;

// ARGV: deadline, expected etag or '' for none or '*' for whatever is there, etag, former etags each
// after a space, expiresAt, lifetime in ms or '', '1' to be followed by WAIT, JSON
const PUT = script(`${IN_TIME}${FIND}
if found then
  if not etag then return ${CORRUPT} end
  if etag == ARGV[3] or string.find(former .. ' ', ' ' .. ARGV[3] .. ' ', 1, true) then
    if ARGV[7] == '1' then redis.call('APPEND', KEYS[1], '') end -- WAIT needs a write to wait for
    return 1
  end
end
local history = ARGV[4]
if ARGV[2] == '*' then
  if found then history = ' ' .. etag .. (string.match(former, '^${' %S+'.repeat(HISTORY_LENGTH - 1)}') or former) end
elseif ARGV[2] ~= (etag or '') then
  return 0
end
local value = '${FORMAT} ' .. #ARGV[8] .. ' ' .. ARGV[5] .. ' ' .. ARGV[3] .. history .. '\\n' .. ARGV[8]
if ARGV[6] == '' then redis.call('SET', KEYS[1], value)
else redis.call('SET', KEYS[1], value, 'PX', ARGV[6]) end
return 1`);

// ARGV: deadline, expected etag or '*', '1' to be followed by WAIT
const DELETE = script(`${IN_TIME}
if ARGV[2] ~= '*' then
${FIND}
  if not found or etag ~= ARGV[2] then return 0 end
end
if redis.call('DEL', KEYS[1]) == 0 and ARGV[3] == '1' then
  redis.call('SET', KEYS[1], '', 'PX', 1) -- WAIT needs a write to wait for
  redis.call('DEL', KEYS[1])
end
return 1`);

// For a cluster whose client sends GET to replicas, which may be behind.
const GET = `return redis.call('GET', KEYS[1])`;

const SCAN_COUNT = 1000;
// Sessions are read this many at a time while listing, fewer when they turn out to be large.
const FEWEST_READS = 16;
const MOST_READS = 256;
const MANY_CHARACTERS = 1024 * 1024;

const CLUSTER_SLOTS = 16_384;
const CLOCK_AGE = 60_000;
const MOST_TRIES = 3;

const WRONG_TYPE: unique symbol = Symbol('a key of another type');

export interface RedisDriverOptions {
  readonly prefix?: string | undefined;
  readonly replicas?: number | undefined;
  readonly timeout?: number | undefined;
  readonly now?: (() => number) | undefined;
}

export class RedisDriver implements Driver {
  // Redis can be made to keep more than this; whether it is, only those who run it know.
  readonly capabilities: Capabilities = { compareAndSet: 'cluster', survives: 'process-crash' };
  readonly #given: Given;
  readonly #prefix: string;
  readonly #replicas: number;
  readonly #timeout: number;
  readonly #now: () => number;
  readonly #clock = new ServerClock();
  #connection: Connection | undefined;
  /** Absent with a clock of the caller's, by which the server hides nothing. */
  readonly ids?: (prefix: string) => AsyncGenerator<string | null, void>;

  constructor(given: Given, options: RedisDriverOptions) {
    const { prefix = 'sessions:', replicas = 0, timeout = 5000, now = () => Date.now() } = options;
    checkGiven(given);
    if (typeof prefix !== 'string') throw new TypeError('prefix must be a string');
    if (!prefix.isWellFormed()) throw new TypeError('prefix must not hold a lone surrogate');
    if (prefix === '')
      throw new RangeError('prefix must not be empty: keys would begin with a colon');
    if (typeof replicas !== 'number') throw new TypeError('replicas must be a number');
    if (!Number.isSafeInteger(replicas) || replicas < 0) {
      throw new RangeError(`replicas must be a whole number from 0 on, not ${replicas}`);
    }
    this.#given = given;
    // No encoded id has a colon, so what follows the last one tells `a:` from `a:b:`.
    this.#prefix = prefix.endsWith(':') ? prefix : `${prefix}:`;
    this.#replicas = replicas;
    this.#timeout = timeout;
    this.#now = now;
    if (options.now === undefined) this.ids = (idPrefix) => this.#ids(idPrefix);
  }

  async open(timeout: number, warn: (warning: Error) => void): Promise<void> {
    const end = performance.now() + timeout - Math.min(20, timeout / 10); // in time to say why
    const left = () => Math.max(1, end - performance.now());
    const given = this.#given;
    const isTheirs = typeof given === 'object' && isClient(given);
    const client = isTheirs ? given : ownClient(given, timeout);
    const connection = new Connection(client, !isTheirs, timeout, () => {
      if (this.#connection === connection) this.#refreshClock(); // it may be another server now
    });
    try {
      await connection.connect(left());
      const [states, foreignKeys] = await Promise.all([
        statesOf(connection, left()),
        this.#foreignKeys(connection, left()),
        this.#clock.measure(connection, left()),
      ]);
      if (!isCluster(client) && states.some((state) => state.get('redis_mode') === 'cluster')) {
        throw unavailable('this server belongs to a Redis Cluster: give the store a `Cluster`');
      }
      const doubts = doubtsAbout(states);
      if (doubts) warn(new Error(doubts));
      if (foreignKeys) warn(new Error(foreignKeys));
      this.#connection = connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async get(id: string, timeout: number): Promise<SessionRecord | null> {
    const value = await this.#read(id, timeout);
    return value === null ? null : recordIn(value, id);
  }

  put(
    id: string,
    { session, expiresAt, etag, history }: SessionRecord,
    expected: string | null | undefined,
    timeout: number,
  ): Promise<boolean> {
    return this.#change('put', PUT, id, timeout, [
      expected === undefined ? '*' : (expected ?? ''),
      etag,
      history.map((each) => ` ${each}`).join(''),
      expiresAt ?? '-',
      expiresAt === null ? '' : Math.max(1, Math.ceil(expiresAt - this.#now())),
      this.#replicas > 0 ? '1' : '',
      session,
    ]);
  }

  delete(id: string, expected: string | undefined, timeout: number): Promise<boolean> {
    const args = [expected ?? '*', this.#replicas > 0 ? '1' : ''];
    return this.#change('delete', DELETE, id, timeout, args);
  }

  async *entries(prefix: string): AsyncGenerator<DriverEntry, void> {
    for await (const ids of this.#pages(prefix)) {
      yield* this.#records(ids);
      if (ids.length === 0) yield null; // on a large server that others use, too
    }
  }

  close(): void {
    this.#connection?.close();
  }

  get #open(): Connection {
    if (!this.#connection) throw unavailable('the driver is not open');
    return this.#connection;
  }

  #read(id: string, timeout: number): Promise<string | null | typeof WRONG_TYPE> {
    const key = this.#prefix + encodeId(id);
    const send = (client: Client) =>
      readOf(client, key).catch((error: Error): typeof WRONG_TYPE => {
        if (error.message.includes('WRONGTYPE')) return WRONG_TYPE;
        throw error;
      });
    return this.#open.run({ name: 'get', size: 100 + key.length, readOnly: true, send }, timeout);
  }

  /** Runs a script that changes one key, unless its time is over by the server's clock. */
  async #change(
    name: string,
    script: Script,
    id: string,
    timeout: number,
    args: readonly (string | number)[],
  ): Promise<boolean> {
    const connection = this.#open;
    const key = this.#prefix + encodeId(id);
    const end = performance.now() + timeout;
    if (performance.now() - this.#clock.measuredAt > CLOCK_AGE) this.#refreshClock();
    const job: Job<number> = {
      name,
      size: 300 + key.length + String(args.at(-1)).length,
      readOnly: false,
      isDoubtful: (answer) => answer !== 1,
      send: (client, left) => {
        const all = [key, this.#clock.in(left), ...args];
        return run(client, script, all, this.#replicas, left);
      },
    };
    // The first one gets the very number of the store's own timer, to be the one that tells more.
    for (let tries = 1, left = timeout; ; tries++, left = Math.max(1, end - performance.now())) {
      const answer = await connection.run(job, left);
      if (answer === 1) return true;
      if (answer === 0) return false;
      if (answer === CORRUPT) throw corrupt(id);
      // Too late by the server's clock, in time by ours: they have come apart.
      this.#clock.learn(-answer, performance.now());
      if (tries === MOST_TRIES)
        throw unavailable(`${name}: the server's clock does not keep still`);
    }
  }

  async *#records(ids: readonly string[]): AsyncGenerator<DriverEntry, void> {
    let many = FEWEST_READS;
    for (let start = 0, some: readonly string[]; start < ids.length; start += some.length) {
      some = ids.slice(start, start + many);
      let characters = 0;
      const values = await Promise.all(some.map((id) => this.#read(id, this.#timeout)));
      for (const [n, value] of values.entries()) {
        if (value === null) continue; // gone since
        if (typeof value === 'string') characters += value.length;
        yield entryOf(some[n] as string, value);
      }
      many = characters > MANY_CHARACTERS ? Math.ceil(many / 4) : Math.min(MOST_READS, many * 2);
    }
  }

  async *#ids(prefix: string): AsyncGenerator<string | null, void> {
    for await (const ids of this.#pages(prefix)) {
      yield* ids;
      if (ids.length === 0) yield null;
    }
  }

  /** The ids that begin so, each once. */
  async *#pages(idPrefix: string): AsyncGenerator<string[], void> {
    const { client } = this.#open;
    const prefix = String(client.options.keyPrefix ?? '') + this.#prefix; // SCAN adds none
    const pattern = patternOf(prefix + encodeId(idPrefix));
    const seen = new Seen();
    const slots = await this.#slots();
    for (const node of masters(client)) {
      let cursor = '0';
      let stream: typeof node.stream | undefined;
      for (;;) {
        const [next, keys] = await this.#list(() =>
          node.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT),
        );
        // A cursor means nothing to another server, or to this one once it has started again.
        const isValid = cursor === '0' || stream === node.stream;
        stream = node.stream;
        const ids: string[] = [];
        for (const key of keys) {
          const id = decodeId(key.slice(prefix.length));
          if (id !== undefined && seen.add(key)) ids.push(id);
        }
        yield ids;
        if (isValid && next === '0') break;
        cursor = isValid ? next : '0';
      }
    }
    // A slot may have moved from a master not seen yet to one that was.
    if ((await this.#slots()) !== slots) throw unavailable('list: the cluster changed meanwhile');
  }

  #list<T>(send: (client: Client) => Promise<T>): Promise<T> {
    return this.#open.run({ name: 'list', size: 200, readOnly: true, send }, this.#timeout);
  }

  /** Which slots each master of the cluster serves. Throws unless all of them are served. */
  async #slots(): Promise<string> {
    if (!isCluster(this.#open.client)) return '';
    for (let isLast = false; ; isLast = true) {
      const views = await this.#list((client) =>
        Promise.all(masters(client).map((node) => node.cluster('NODES') as Promise<string>)),
      );
      const slots = slotsIn(views);
      if (slots !== undefined) return slots;
      if (isLast) throw unavailable('list: a part of the cluster is out of reach');
      await this.#open.refresh();
    }
  }

  #foreignKeys(connection: Connection, timeout: number): Promise<string | undefined> {
    const send = (client: Client) => foreignKeysIn(client, this.#prefix);
    return connection.run({ name: 'open', size: 200, readOnly: true, send }, timeout);
  }

  #refreshClock(): void {
    // What it was is good enough until then, and if it fails.
    this.#clock.measure(this.#open, this.#timeout).catch(() => {});
  }
}

/** The server's clock, as far as it is known here. */
class ServerClock {
  measuredAt = 0;
  // The server's time minus `performance.now()`, which nobody can set. Too little rather than too
  // much: a command refused too early is sent again, one applied too late is not undone.
  #offset = 0;

  /** The moment in so many milliseconds. */
  in(milliseconds: number): number {
    return Math.floor(performance.now() + milliseconds + this.#offset);
  }

  /** The server answered with its time, and the answer came just now. */
  learn(time: number, heardAt: number): void {
    this.#offset = time - heardAt;
  }

  /** In a cluster, the clock that is furthest ahead counts. */
  async measure(connection: Connection, timeout: number): Promise<void> {
    this.measuredAt = performance.now();
    const send = (client: Client) =>
      Promise.all(
        masters(client).map(async (node) => {
          const [seconds, microseconds] = (await node.time()).map(Number) as [number, number];
          return seconds * 1000 + Math.floor(microseconds / 1000) - performance.now();
        }),
      );
    const job = { name: 'time', size: 100, readOnly: true, send };
    this.#offset = Math.max(...(await connection.run(job, timeout)));
  }
}

/** Remembers keys by 64 bits of their hash each, so that millions of them take little room. */
class Seen {
  #slots = new BigUint64Array(1024);
  #count = 0;

  /** Whether the key is new. */
  add(key: string): boolean {
    const hash = createHash('sha1').update(key).digest().readBigUInt64LE() || 1n;
    const slot = this.#slotOf(hash);
    if (this.#slots[slot] === hash) return false;
    this.#slots[slot] = hash;
    if (++this.#count * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #slotOf(hash: bigint): number {
    const mask = this.#slots.length - 1;
    let slot = Number(hash & BigInt(mask));
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new BigUint64Array(old.length * 2);
    for (const hash of old) if (hash !== 0n) this.#slots[this.#slotOf(hash)] = hash;
  }
}

interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Runs a script by its hash, or whole where the server has not seen it or has forgotten it; with
 * replicas always whole, as WAIT would wait in vain after a script that did not run.
 */
async function run(
  client: Client,
  { lua, sha }: Script,
  args: (string | number)[],
  replicas: number,
  left: number,
): Promise<number> {
  let answer: unknown;
  if (replicas > 0) {
    answer = await waited(client.pipeline().eval(lua, 1, ...args), replicas, left);
  } else {
    answer = await client.evalsha(sha, 1, ...args).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(lua, 1, ...args);
    });
  }
  return Number(answer); // a text where the client has `stringNumbers`
}

/** The answer of the one command in the pipeline, once so many replicas have what it wrote. */
async function waited(
  pipeline: ChainableCommander,
  replicas: number,
  left: number,
): Promise<unknown> {
  const wait = Math.max(1, Math.floor(left * 0.9)); // 0 would mean for ever
  const [answer, reached] = (await pipeline.wait(replicas, wait).exec()) ?? [];
  if (!answer || !reached) throw new Error('Connection is closed.');
  if (answer[0]) throw answer[0];
  if (Number(answer[1]) !== 1) return answer[1]; // nothing was changed
  if (reached[0]) throw missed(replicas, reached[0].message);
  if (Number(reached[1]) < replicas) throw missed(replicas, `${reached[1]} have`);
  return answer[1];
}

function missed(replicas: number, why: string): SessionError {
  const message = `the write did not reach ${replicas} replicas in time: ${why}`;
  return new SessionError('UNAVAILABLE', message, { outcome: 'unknown' });
}

function readOf(client: Client, key: string): Promise<string | null> {
  const isStale = isCluster(client) && client.options.scaleReads !== 'master';
  return isStale ? (client.eval(GET, 1, key) as Promise<string | null>) : client.get(key);
}

function recordIn(value: string | typeof WRONG_TYPE, id: string): SessionRecord {
  const record = decode(value);
  if (!record) throw corrupt(id);
  return record;
}

function entryOf(id: string, value: string | typeof WRONG_TYPE): DriverEntry {
  const record = decode(value);
  return record ? [id, record] : corrupt(id);
}

function decode(value: string | typeof WRONG_TYPE): SessionRecord | undefined {
  if (value === WRONG_TYPE) return undefined;
  const stop = value.indexOf('\n');
  if (stop < 0 || stop >= HEAD) return undefined;
  const [format, bytes, expiresAt, etag, ...history] = value.slice(0, stop).split(' ');
  if (format !== FORMAT || !etag) return undefined;
  const json = value.slice(stop + 1);
  const at = expiresAt === '-' ? null : Number(expiresAt);
  if (Buffer.byteLength(json) !== Number(bytes)) return undefined;
  const record = { session: json, expiresAt: at, etag, history };
  return isRecord(record) ? record : undefined;
}

function corrupt(id: string): SessionError {
  return new SessionError('CORRUPT', 'the key holds what no session store wrote', { id });
}

/** Who serves what, from what each master says of itself; `undefined` unless it is all slots. */
function slotsIn(views: readonly string[]): string | undefined {
  const ranges: string[] = [];
  let count = 0;
  for (const view of views) {
    const line = view.split('\n').find((each) => /\bmyself\b/.test(each)) ?? '';
    const [name, , flags = '', , , , , , ...served] = line.trim().split(' ');
    if (!flags.includes('master')) continue;
    for (const range of served) {
      if (range.startsWith('[')) continue; // on the move, and also among those it comes from
      const [first = 0, last = first] = range.split('-').map(Number);
      count += last - first + 1;
      ranges.push(`${range} ${name}`);
    }
  }
  return count === CLUSTER_SLOTS ? ranges.sort().join() : undefined;
}

type State = ReadonlyMap<string, string>;

/** What each master says of itself, as far as it may be asked. */
function statesOf(connection: Connection, timeout: number): Promise<State[]> {
  const send = (client: Client) => Promise.all(masters(client).map(stateOf));
  return connection.run({ name: 'open', size: 100, readOnly: true, send }, timeout);
}

async function stateOf(node: Redis): Promise<State> {
  const forbidden = (error: Error) => {
    if (error.name !== 'ReplyError') throw error;
    return undefined; // as those who rent out servers do
  };
  const [info, save] = await Promise.all([
    node.info().catch(forbidden),
    (node.config('GET', 'save') as Promise<unknown>).catch(forbidden),
  ]);
  const state = new Map<string, string>();
  for (const line of String(info ?? '').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) state.set(line.slice(0, colon), line.slice(colon + 1));
  }
  if (Array.isArray(save) && typeof save[1] === 'string') state.set('save', save[1]);
  return state;
}

/** What makes these servers lose sessions by themselves, or `undefined`. */
function doubtsAbout(states: readonly State[]): string | undefined {
  const doubts: string[] = [];
  const policy = states.map((state) => state.get('maxmemory_policy') ?? 'noeviction');
  const evicts = policy.find((each) => each !== 'noeviction');
  if (evicts) doubts.push(`it evicts when its memory is full (maxmemory-policy ${evicts})`);
  if (states.some((state) => state.get('save') === '' && state.get('aof_enabled') === '0')) {
    doubts.push('it writes nothing to disk (save "", appendonly no)');
  }
  return doubts.length > 0 ? `Redis may lose sessions: ${doubts.join(', and ')}` : undefined;
}
