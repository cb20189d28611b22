// The time line of the open session: what it tells of itself, and what was seen while it was open.
import { changes, pathText } from './diff.js';
import { h } from './dom.js';
import { clock, date, fromNow, isTime, now, visible } from './format.js';

const MOST = 50; // events that are kept
const FEW = 4; // changes that are shown of each

/** @typedef {{ at: number, text: string, changes?: import('./diff.js').Change[] }} Event */

export class Activity {
  /** @type {Event[]} newest first */
  #seen = [];

  /** @param {string} text @param {import('./diff.js').Change[]} [changed] */
  add(text, changed) {
    this.#seen.unshift({ at: now(), text, ...(changed && { changes: changed }) });
    this.#seen.length = Math.min(this.#seen.length, MOST);
  }

  /**
   * @param {any} before
   * @param {any} after
   * @returns {Set<string>} the paths of what has changed, for the tree
   */
  addVersion(before, after) {
    const changed = changes(before.session, after.session);
    const isTouch = changed.length === 0;
    // That somebody was there is in the time line anyhow.
    const others = changed.filter(({ path }) => pathText(path) !== 'lastActivity');
    this.add(isTouch ? 'lifetime renewed, nothing changed' : 'changed', others);
    const paths = changed.flatMap(({ path }) => path.map((_, n) => path.slice(0, n + 1)));
    return new Set(paths.map((path) => JSON.stringify(path)));
  }

  /**
   * @param {any} version the one that is shown
   * @param {string} state what is true now
   */
  element(version, state) {
    const { active, expiresAt } = version;
    /** @type {any[]} */
    const items = [];
    if (expiresAt !== null) items.push(item(expiresAt, expiresAt > now() ? 'expires' : 'expired'));
    items.push(h('li', { class: 'now' }, h('span', { class: 'what' }, state)));
    /** @type {Event[]} */
    const stored = active === null ? [] : [{ at: active, text: 'last activity' }];
    const past = [...this.#seen, ...stored].sort((one, other) => other.at - one.at);
    for (const event of past) items.push(item(event.at, event.text, event.changes));
    return h('ol', { class: 'activity' }, ...items);
  }
}

/**
 * @param {number} at
 * @param {string} text
 * @param {import('./diff.js').Change[]} [changed]
 */
function item(at, text, changed = []) {
  const isToday = date(at).slice(0, 10) === date(now()).slice(0, 10);
  const lines = changed
    .slice(0, FEW)
    .map(({ path, before, after }) =>
      h(
        'span',
        { class: 'change' },
        h('span', { class: 'key' }, visible(pathText(path))),
        ` ${short(before, path)} → ${short(after, path)}`,
      ),
    );
  if (changed.length > FEW)
    lines.push(h('span', { class: 'change' }, `and ${changed.length - FEW} more`));
  return h(
    'li',
    { class: at > now() ? 'future' : '' },
    h('span', { class: 'what' }, text),
    h(
      'time',
      { dateTime: iso(at), title: date(at) },
      `${isToday ? clock(at) : date(at)}, ${fromNow(at)}`,
    ),
    ...lines,
  );
}

/** @param {number} at */
function iso(at) {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/**
 * A value in a few characters.
 * @param {any} value
 * @param {import('./diff.js').Path} path
 */
export function short(value, path) {
  if (value === undefined) return 'nothing';
  if (isTime(path.at(-1), value)) return date(value);
  const text = visible(JSON.stringify(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
