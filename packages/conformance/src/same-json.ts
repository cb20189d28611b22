import assert from 'node:assert/strict';

/** Fails unless both are the same JSON value, key order and all, and `actual` is plain objects. */
export function sameJson(actual: unknown, expected: unknown, what: string): void {
  const difference = differenceBetween(actual, expected);
  if (!difference) return;
  const place = difference.path.length > 0 ? `at ${difference.path.join('.')} ` : '';
  assert.fail(`${what}: ${place}expected ${difference.expected}, got ${difference.actual}`);
}

interface Difference {
  readonly path: string[];
  readonly expected: string;
  readonly actual: string;
}

/** What `JSON.parse(JSON.stringify(value))` makes of it. */
export function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

// Not `assert.deepEqual`: it ignores key order, and under Jest it takes objects of another realm
// for different ones.
function differenceBetween(actual: unknown, expected: unknown): Difference | undefined {
  if (!isObject(expected) || !isObject(actual)) {
    return Object.is(actual, expected) ? undefined : unlike(actual, expected);
  }
  if (Array.isArray(actual) !== Array.isArray(expected)) return unlike(actual, expected);
  if (Array.isArray(actual) && Array.isArray(expected)) return betweenLists(actual, expected);
  if (!isPlain(actual)) return unlike(actual, expected);
  return betweenKeys(actual, expected) ?? betweenMembers(actual, expected, Object.keys(expected));
}

function betweenLists(actual: unknown[], expected: unknown[]): Difference | undefined {
  const common = Math.min(actual.length, expected.length);
  const indices = Array.from({ length: common }, (_, index) => index);
  const difference = betweenMembers(actual, expected, indices);
  if (difference || actual.length === expected.length) return difference;
  return {
    path: [],
    expected: `${expected.length} members`,
    actual: `${actual.length}: ${show(actual)}`,
  };
}

function betweenKeys(actual: object, expected: object): Difference | undefined {
  const keys = Reflect.ownKeys(actual);
  const expectedKeys = Reflect.ownKeys(expected);
  const missing = expectedKeys.find((key) => !keys.includes(key));
  if (missing !== undefined)
    return { path: [], expected: `the key ${show(missing)}`, actual: 'none' };
  const added = keys.find((key) => !expectedKeys.includes(key));
  if (added !== undefined) return { path: [], expected: 'no other key', actual: show(added) };
  const moved = keys.findIndex((key, n) => key !== expectedKeys[n]);
  if (moved < 0) return undefined;
  return { path: [], expected: `the keys in order ${show(expectedKeys)}`, actual: show(keys) };
}

function betweenMembers<T extends object>(
  actual: T,
  expected: T,
  keys: readonly PropertyKey[],
): Difference | undefined {
  for (const key of keys) {
    const difference = differenceBetween(actual[key as keyof T], expected[key as keyof T]);
    if (!difference) continue;
    difference.path.unshift(String(key));
    return difference;
  }
  return undefined;
}

function unlike(actual: unknown, expected: unknown): Difference {
  return { path: [], expected: show(expected), actual: show(actual) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

// Of any realm; and not one whose prototype is data that was stored under `__proto__`.
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
  );
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (isObject(value) && !Array.isArray(value) && !isPlain(value)) {
    return `something else than a plain object (${Object.prototype.toString.call(value)})`;
  }
  const text = typeof value === 'object' ? JSON.stringify(value) : undefined;
  const shown = text ?? (typeof value === 'string' ? JSON.stringify(value) : String(value));
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}
