// What differs between two versions, and both changes put together.

/** @typedef {(string | number)[]} Path */
/** @typedef {{ path: Path, before: any, after: any }} Change `undefined` is a member that is not there */

/**
 * The smallest members that differ.
 * @param {any} before
 * @param {any} after
 * @param {Path} [path]
 * @param {Change[]} [found]
 * @returns {Change[]}
 */
export function changes(before, after, path = [], found = []) {
  if (isSame(before, after)) return found;
  if (!areBranches(before, after)) {
    found.push({ path, before, after });
    return found;
  }
  for (const name of namesOf(before, after)) {
    changes(own(before, name), own(after, name), [...path, name], found);
  }
  return found;
}

/**
 * `theirs` with what `mine` changed of `base`, or the members that both changed, each to something else.
 * @param {any} base
 * @param {any} mine
 * @param {any} theirs
 * @returns {{ merged: any } | { clashes: Path[] }}
 */
export function merge(base, mine, theirs) {
  const others = changes(base, theirs);
  const clashes = changes(base, mine).filter(({ path, after }) =>
    others.some((other) => isWithin(path, other.path) && !isSame(after, other.after)),
  );
  if (clashes.length > 0) return { clashes: clashes.map(({ path }) => path) };
  return { merged: both(base, mine, theirs) };
}

/**
 * @param {any} base
 * @param {any} mine
 * @param {any} theirs
 * @returns {any}
 */
function both(base, mine, theirs) {
  if (isSame(base, mine) || isSame(mine, theirs)) return theirs;
  if (isSame(base, theirs) || !areBranches(mine, theirs)) return mine;
  if (Array.isArray(mine)) {
    return mine.map((value, n) => both(base[n], value, theirs[n]));
  }
  const members = namesOf(theirs, mine)
    .map((name) => [name, both(own(base, name), own(mine, name), own(theirs, name))])
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
}

/**
 * `a.b[0]`
 * @param {Path} path
 */
export function pathText(path) {
  const text = path.map((name) => {
    if (typeof name === 'number') return `[${name}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
  });
  return text.join('').replace(/^\./, '') || 'the session';
}

/**
 * @param {any} one
 * @param {any} other
 */
export function isSame(one, other) {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

// Lists of different lengths are changed as a whole: their places say nothing about their items.

/**
 * @param {any} one
 * @param {any} other
 */
function areBranches(one, other) {
  if (Object(one) !== one || Object(other) !== other) return false;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length;
  return !Array.isArray(other);
}

/**
 * @param {any} one
 * @param {any} other
 * @returns {Path}
 */
function namesOf(one, other) {
  if (Array.isArray(one)) return one.map((_, n) => n);
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

/**
 * @param {any} value
 * @param {string | number} name
 */
function own(value, name) {
  return Object(value) === value && Object.hasOwn(value, name) ? value[name] : undefined;
}

/**
 * Whether one path leads into the other.
 * @param {Path} one
 * @param {Path} other
 */
function isWithin(one, other) {
  const length = Math.min(one.length, other.length);
  return isSame(one.slice(0, length), other.slice(0, length));
}
