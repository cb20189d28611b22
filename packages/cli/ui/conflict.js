// Two versions that nobody has chosen between yet: what you typed, and what somebody stored meanwhile.
import { short } from './activity.js';
import { changes, isSame, merge, pathText } from './diff.js';
import { h } from './dom.js';
import { count, date, visible } from './format.js';

const MOST = 30; // members that are compared in the table

/** @typedef {import('./session.js').Version} Version */

/**
 * @param {Version} base what was shown when the editing began
 * @param {any} mine
 * @param {Version | null} stored
 * @param {{ merge: (merged: any) => void }} on
 */
export function conflict(base, mine, stored, on) {
  const title = h('h3', { tabIndex: -1 }, stored ? 'Somebody was faster' : 'The session is gone');
  const text = stored
    ? 'What you typed is below, and is not stored. This is what differs.'
    : 'It was destroyed or has expired since you began. What you typed is below; you can save it as a new session.';
  const box = h(
    'section',
    { class: 'conflict', 'aria-label': 'Conflict' },
    title,
    h('p', {}, text),
  );
  if (!stored) return box;

  const result = merge(base.session, mine, stored.session);
  box.append(
    table(base.session, mine, stored.session),
    'merged' in result
      ? h(
          'button',
          { type: 'button', class: 'main', onclick: () => on.merge(result.merged) },
          'Put both together',
        )
      : h(
          'p',
          {},
          `Both of you changed ${names(result.clashes)}: edit the text to what it should be.`,
        ),
    h(
      'details',
      {},
      h('summary', {}, `All that is stored (version ${stored.etag ?? ''}${until(stored)})`),
      h('pre', { tabIndex: 0 }, visibleLines(JSON.stringify(stored.session, null, 2))),
    ),
  );
  return box;
}

/** @param {import('./diff.js').Path[]} paths */
function names(paths) {
  const texts = paths.slice(0, 3).map((path) => visible(pathText(path)));
  if (paths.length > 3) texts.push(`${count(paths.length - 3)} more`);
  return texts.join(', ');
}

/** @param {Version} version */
function until({ expiresAt }) {
  return expiresAt === null ? '' : `, until ${date(expiresAt)}`;
}

/** @param {string} text */
function visibleLines(text) {
  return text.split('\n').map(visible).join('\n');
}

/**
 * @param {any} base
 * @param {any} mine
 * @param {any} stored
 */
function table(base, mine, stored) {
  const paths = new Map();
  for (const { path } of [...changes(base, mine), ...changes(base, stored)]) {
    paths.set(JSON.stringify(path), path);
  }
  const differing = [...paths.values()];
  const cells = differing.slice(0, MOST).map((path) => {
    const [was, yours, theirs] = [base, mine, stored].map((value) => at(value, path));
    const mark = (/** @type {any} */ value) => (isSame(value, was) ? '' : 'changed');
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, visible(pathText(path))),
      h('td', {}, short(was, path)),
      h('td', { class: mark(yours) }, short(yours, path)),
      h('td', { class: mark(theirs) }, short(theirs, path)),
    );
  });
  const names = ['Member', 'When you began', 'Yours', 'Stored now'];
  const head = h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name)));
  const left = differing.length - MOST;
  return h(
    'div',
    { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'What differs' },
    h('table', {}, h('thead', {}, head), h('tbody', {}, ...cells)),
    left > 0 && h('p', {}, `and ${count(left)} more`),
  );
}

/**
 * @param {any} value
 * @param {import('./diff.js').Path} path
 */
function at(value, path) {
  let found = value;
  for (const name of path) {
    if (Object(found) !== found || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}
