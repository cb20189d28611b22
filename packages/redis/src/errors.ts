import { SessionError } from '@sessions/core';

/** The error without what ioredis hangs on it: the command, with the id and the session. */
export function plain(error: Error): Error {
  // The server repeats arguments of a command that it does not know or take.
  const message = error.message.replace(/[,:]? with args beginning with[\s\S]*$/, '');
  const { code } = error as NodeJS.ErrnoException;
  const copy: NodeJS.ErrnoException = new Error(message || error.name);
  if (code !== undefined) copy.code = code;
  return copy;
}

export function unavailable(message: string, error?: Error): SessionError {
  return new SessionError('UNAVAILABLE', message, error ? { cause: plain(error) } : {});
}

// Answers by which a server says that it did nothing and will do better soon.
const TEMPORARY = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b/;
const REFUSED_FOR_GOOD = /CERT|TLS|SSL|SELF_SIGNED/;

export function isAnswer(error: Error): boolean {
  return error.name === 'ReplyError';
}

export function isTemporary(error: Error): boolean {
  return TEMPORARY.test(error.message);
}

/** Whether trying again to connect would be in vain. */
export function isFinal(error: Error): boolean {
  if (isAnswer(error)) return !isTemporary(error);
  return REFUSED_FOR_GOOD.test((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether the server does not know a script by its hash. */
export function isForgotten(error: Error): boolean {
  return error.message.startsWith('NOSCRIPT');
}
