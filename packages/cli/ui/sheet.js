// What the sheet of one session is made of.
import { h } from './dom.js';
import { clock, date, fromNow, now, size } from './format.js';
import { lifetimes, minutesOf } from './lifetime.js';
import { tree } from './tree.js';

/** @typedef {import('./session.js').Version} Version */
/** @typedef {import('./session.js').State} State */

/** @param {Version | undefined} version */
export function isOver(version) {
  const { expiresAt = null } = version ?? {};
  return expiresAt !== null && expiresAt <= now();
}

/** @param {Version} version */
export function factsOf(version) {
  const { expiresAt, etag, active, session } = version;
  const never = etag ? 'never' : 'unknown';
  /** @type {[string, string, string][]} */
  const facts = [
    ['Version', etag ?? 'none in this store', ''],
    [
      isOver(version) ? 'Expired' : 'Expires',
      expiresAt === null ? never : fromNow(expiresAt),
      expiresAt === null ? '' : date(expiresAt),
    ],
    [
      'Last activity',
      active === null ? 'not known' : fromNow(active),
      active === null ? '' : date(active),
    ],
    ['Size', size(bytesOf(session)), ''],
  ];
  return facts.map(([name, value, title]) =>
    h('div', {}, h('dt', {}, name), h('dd', { title }, value)),
  );
}

/** @param {any} session */
export function bytesOf(session) {
  return new TextEncoder().encode(JSON.stringify(session)).length;
}

/**
 * @param {State} state
 * @param {number | null} expiresIn
 * @param {{ edit: () => void, renew: (minutes: number | null) => void, remove: () => void }} on
 */
export function actions(state, expiresIn, on) {
  if (state !== 'there' && state !== 'corrupt') return null;
  const remove = h('button', { type: 'button', class: 'danger', onclick: on.remove }, 'Delete');
  if (state === 'corrupt') return h('div', { class: 'actions' }, remove);
  const choice = lifetimes('renew', expiresIn);
  const label = h('label', { for: 'renew' }, 'Live for');
  const form = h(
    'form',
    { class: 'renew' },
    label,
    choice,
    h('button', { type: 'submit' }, 'Renew'),
  );
  form.addEventListener('submit', (/** @type {Event} */ event) => {
    event.preventDefault();
    on.renew(minutesOf(choice.value));
  });
  const edit = h('button', { type: 'button', class: 'main', onclick: on.edit }, 'Edit');
  edit.setAttribute('aria-keyshortcuts', 'e');
  return h('div', { class: 'actions' }, edit, form, remove);
}

/**
 * What is to be known about what is shown.
 * @param {State} state
 * @param {Version | undefined} version
 * @param {import('./api.js').Failure | undefined} failure
 * @param {number} readAt
 * @param {string} [hash]
 */
export function noticeOf(state, version, failure, readAt, hash) {
  if (failure) {
    const shown = version ? ` Shown is what was read at ${clock(readAt)}.` : '';
    const isOurs = failure.code === 'GONE' || failure.code === 'REFUSED';
    const text = isOurs ? failure.message : `The store failed: ${failure.message}.`;
    return notice('bad', `${text}${shown}${failure.isPassing ? ' Trying again.' : ''}`);
  }
  const texts = {
    loading: 'Reading…',
    there: '',
    failed: '',
    absent: 'There is no such session. It shows up here once it is stored.',
    corrupt:
      'This record cannot be read. The store keeps it, and no bot takes it for a new session.',
    nameless: `A record cannot be read, and nor can its id. The SHA-256 of the id is ${hash}.`,
    gone: isOver(version)
      ? 'This session has expired. What you see was read before.'
      : 'Somebody destroyed this session. What you see was read before.',
  };
  return texts[state] && notice(state === 'loading' ? '' : 'warn', texts[state]);
}

/** @param {string} kind @param {string} text */
export function notice(kind, text) {
  return h('p', { class: `notice ${kind}` }, text);
}

/**
 * The state first, as it is what bots look at.
 * @param {any} session
 * @param {{ open: Set<string>, changed: Set<string> }} state
 */
export function content(session, state) {
  const { _state, ...rest } = session;
  if (Object(_state) !== _state) {
    return h('div', { class: 'content' }, h('h3', {}, 'Session'), tree(session, state));
  }
  return h(
    'div',
    { class: 'content' },
    h('h3', {}, 'State'),
    tree(_state, state, ['_state']),
    h('h3', {}, 'The rest of the session'),
    tree(rest, state),
  );
}

export function hints() {
  const keys = [
    ['/', 'search'],
    ['↑ ↓', 'move in the list'],
    ['Enter', 'open'],
    ['E', 'edit'],
    ['Esc', 'back to the list'],
  ];
  const list = keys.map(([key, what]) =>
    h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)),
  );
  return h(
    'div',
    { class: 'hints' },
    h('p', {}, 'Choose a session to see it.'),
    h('dl', {}, ...list),
  );
}
