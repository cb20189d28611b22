import { createHash } from 'node:crypto';
import { isRecord, type SessionRecord } from '@sessions/core';

const VERSION = 1;
const SESSION = '  "session": ';
const END = '\n}\n';

const HEAD = /^\{\n {2}"version": 1,\n {2}"checksum": "([0-9a-f]{64})",\n/;
/** The bytes before those that the checksum covers. */
export const HEAD_LENGTH: number = headWith('0'.repeat(64)).length;

/**
 * The text of a session's file: JSON, with the bookkeeping on lines of its own. The checksum covers
 * every byte after its line, and the lines up to there are always the same.
 */
export function encode(id: string, record: SessionRecord): string {
  const { etag, history, expiresAt, session } = record;
  const lines = Object.entries({ id, etag, history, expiresAt }).map(
    ([name, value]) => `  "${name}": ${JSON.stringify(value)},\n`,
  );
  const body = `${lines.join('')}${SESSION}${session}${END}`;
  return headWith(checksum(body)) + body;
}

/** Whether these bytes begin as a file of this version does. */
export function isHead(bytes: Buffer): boolean {
  return HEAD.test(bytes.toString('latin1', 0, HEAD_LENGTH));
}

export interface Content {
  readonly id: string;
  readonly record: SessionRecord;
}

/** What `encode` made this of. Throws an `Error` that says what is wrong. */
export function decode(bytes: Buffer): Content {
  const [head, sum] = HEAD.exec(bytes.toString('latin1', 0, HEAD_LENGTH)) ?? [];
  if (!head) throw new Error(`it is not a session file of version ${VERSION}${newer(bytes)}`);
  if (checksum(bytes.subarray(head.length)) !== sum) throw new Error('its checksum is wrong');
  const body = bytes.toString('utf8', head.length);
  const start = body.indexOf(SESSION); // no line before begins so: JSON has no line breaks in text
  if (start < 0 || !body.endsWith(END)) throw new Error('it is not ours');
  const { id, etag, history, expiresAt } = parse(`{${body.slice(0, start)}  "end": 0}`);
  const session = body.slice(start + SESSION.length, -END.length);
  const record = { session, expiresAt, etag, history };
  const isObject = session.startsWith('{') && session.endsWith('}');
  if (typeof id !== 'string' || !isObject || !isRecord(record)) throw new Error('it is not ours');
  return { id, record };
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is not JSON'); // the error of JSON.parse would quote the id
  }
}

function headWith(sum: string): string {
  return `{\n  "version": ${VERSION},\n  "checksum": "${sum}",\n`;
}

function newer(bytes: Buffer): string {
  const version = Number(/^\s*\{\s*"version":\s*(\d+)/.exec(bytes.toString('latin1', 0, 100))?.[1]);
  return version > VERSION ? `, but of version ${version}, which takes a newer @sessions/file` : '';
}

function checksum(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
