import type { ServerResponse } from 'node:http';
import { isSessionError, type SessionErrorCode } from '@sessions/core';
import type { File } from './files.ts';
import { HEADERS } from './guard.ts';

const STATUS: Readonly<Record<SessionErrorCode, number>> = {
  INVALID_ID: 400,
  INVALID_SESSION: 400,
  CONFLICT: 409,
  TOO_LARGE: 413,
  CORRUPT: 422,
  UNAVAILABLE: 503,
  TIMEOUT: 503,
  CLOSED: 503,
};

/** What the page is told of a failure. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly outcome?: string;
  readonly idHash?: string | undefined;
}

/** Why a request of the page is refused before the store hears of it. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': length });
  response.end(body);
}

export function sendFile(response: ServerResponse, { type, body }: File): void {
  const headers = {
    'Content-Type': type,
    'Content-Encoding': 'gzip',
    'Content-Length': body.length,
  };
  response.writeHead(200, { ...HEADERS, ...headers });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value));
}

/** `hide` takes out of a text what is secret. */
export function sendError(
  response: ServerResponse,
  error: unknown,
  hide: (text: string) => string,
): void {
  sendJson(response, statusOf(error), problem(error, hide));
}

function statusOf(error: unknown): number {
  if (error instanceof Refusal) return error.status;
  if (isSessionError(error)) return STATUS[error.code] ?? 500;
  return isMistake(error) ? 400 : 503;
}

/** What may be shown of an error: never a password that a client put into its message. */
export function problem(error: unknown, hide: (text: string) => string): Problem {
  const { message = '' } = error as Error;
  if (error instanceof Refusal) return { code: error.code, message };
  if (isSessionError(error)) {
    const { code, outcome, idHash } = error;
    return { code, outcome, idHash, message: `${message}${reason(error.cause)}` };
  }
  return { code: isMistake(error) ? 'INVALID' : 'FAILED', message: hide(message) };
}

function reason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? ` (${code})` : '';
}

// By name: an error of another realm, such as a Jest test's, is no instance of ours.
function isMistake(error: unknown): boolean {
  return ['TypeError', 'RangeError'].includes((error as Error | undefined)?.name ?? '');
}
