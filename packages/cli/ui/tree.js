// JSON as a tree: branches are made when they are opened, long ones in parts.
import { h } from './dom.js';
import { count, date, isTime, visible } from './format.js';

const OPEN_DEPTH = 2; // branches that are open at first
const SHORT = 30; // members of a branch that is open at first
const PART = 100; // members that are shown at once
const LONG = 1500; // characters of a text that are shown at first

/** @typedef {(string | number)[]} Path */

/**
 * The members of a value.
 * @param {any} value
 * @param {{ open: Set<string>, changed: Set<string> }} state what is open, and what has changed; by path
 * @param {Path} [path]
 * @returns {any}
 */
export function tree(value, state, path = []) {
  const list = h('ul', { class: 'tree' });
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  let shown = 0;
  const more = () => {
    for (const name of names.slice(shown, shown + PART)) {
      list.append(member(name, value[name], state, [...path, name]));
    }
    shown += PART;
    if (shown >= names.length) return;
    const left = count(names.length - shown);
    const button = h('button', { type: 'button', class: 'link' }, `${left} more…`);
    button.addEventListener('click', () => {
      item.remove();
      more();
    });
    const item = h('li', {}, button);
    list.append(item);
  };
  more();
  return list;
}

/**
 * @param {string | number} name
 * @param {any} value
 * @param {{ open: Set<string>, changed: Set<string> }} state
 * @param {Path} path
 */
function member(name, value, state, path) {
  const key = JSON.stringify(path);
  const changed = state.changed.has(key) ? 'changed' : '';
  const label = h(
    'span',
    { class: 'key' },
    typeof name === 'number' ? String(name) : keyText(name),
  );
  if (typeof value !== 'object' || value === null) {
    return h('li', { class: changed }, label, leaf(name, value));
  }
  const size = Array.isArray(value) ? value.length : Object.keys(value).length;
  const brackets = Array.isArray(value) ? `[${count(size)}]` : `{${count(size)}}`;
  const summary = h(
    'summary',
    { 'data-path': key },
    label,
    h('span', { class: 'brackets' }, brackets),
  );
  if (size === 0)
    return h('li', { class: changed }, label, h('span', { class: 'brackets' }, brackets));
  const details = h('details', {}, summary);
  const fill = () => {
    if (details.childElementCount === 1) details.append(tree(value, state, path));
  };
  if (!state.open.has(`-${key}`)) {
    details.open = state.open.has(key) || (path.length <= OPEN_DEPTH && size <= SHORT);
  }
  if (details.open) fill();
  details.addEventListener('toggle', () => {
    state.open.delete(`${details.open ? '-' : ''}${key}`);
    state.open.add(`${details.open ? '' : '-'}${key}`);
    fill();
  });
  return h('li', { class: changed }, details);
}

/** @param {string} name */
function keyText(name) {
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name) ? name : visible(JSON.stringify(name));
}

/**
 * @param {string | number} name
 * @param {any} value
 */
function leaf(name, value) {
  if (typeof value !== 'string') {
    const text = h('span', { class: value === null ? 'null' : typeof value }, String(value));
    if (!isTime(name, value)) return text;
    return h('span', {}, text, h('span', { class: 'aside' }, date(value)));
  }
  const all = visible(JSON.stringify(value));
  if (all.length <= LONG) return h('span', { class: 'string' }, all);
  const text = h('span', { class: 'string' }, `${all.slice(0, LONG)}…`);
  const button = h(
    'button',
    { type: 'button', class: 'link' },
    `all ${count(all.length)} characters`,
  );
  button.addEventListener('click', () => {
    text.textContent = all;
    button.remove();
  });
  return h('span', {}, text, ' ', button);
}
