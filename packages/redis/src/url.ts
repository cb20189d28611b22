import type { RedisOptions } from 'ioredis';

/** Throws unless ioredis can make something of it. No error repeats it, as it may hold a password. */
export function checkUrl(text: string): void {
  if (text.startsWith('/') && !text.startsWith('//')) return; // the path of a socket
  let url: URL;
  try {
    url = new URL(asUrl(text));
    decodeURIComponent(url.username + url.password);
    if (text === '') throw new Error('it is empty');
  } catch {
    throw new TypeError('the URL of the Redis server cannot be read');
  }
  if (!/^rediss?:$/.test(url.protocol)) {
    throw new TypeError('the URL of a Redis server begins with redis:// or rediss://');
  }
  if (!/^\/?\d*$/.test(url.pathname)) {
    throw new TypeError('the path in the URL of a Redis server is the number of a database');
  }
}

const NUMBERS = /^(db|family|port|keepAlive|max\w+|\w+Timeout)$/;

/** The URL for ioredis, and the options in its query, where ioredis would leave numbers as text. */
export function splitUrl(text: string): [url: string, options: RedisOptions] {
  const [, base = '', query] = /^([^?]*)\??(.*)$/s.exec(text) ?? [];
  const pairs = [...new URLSearchParams(query)].map(([name, value]) => [
    name,
    NUMBERS.test(name) ? Number(value) : value,
  ]);
  return [asUrl(base), Object.fromEntries(pairs)];
}

/** With its scheme, in the letters that ioredis knows it by; the path of a socket as it is. */
function asUrl(text: string): string {
  if (text.startsWith('//')) return `redis:${text}`;
  if (text.startsWith('/')) return text;
  if (/^\d+$/.test(text)) return `redis://127.0.0.1:${text}`;
  if (!/^\w+:\/\//.test(text)) return `redis://${text}`;
  return text.replace(/^\w+/, (scheme) => scheme.toLowerCase());
}
