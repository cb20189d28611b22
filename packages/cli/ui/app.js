// The page: its two halves, the way back, and the keys.
import { ask } from './api.js';
import { Browse } from './browse.js';
import { byId } from './dom.js';
import { fail, recover } from './health.js';
import { SessionView } from './session.js';

const view = new SessionView((id, row) => browse.update(id, row), close);
const browse = new Browse(({ id, hash }) => open(id ?? '', id === null ? hash : undefined), open);

/**
 * Ids are kept beside the history, not in addresses, which browsers remember and show.
 * @param {string} id
 * @param {string} [hash]
 */
function open(id, hash) {
  if (!id && !hash) return;
  history.pushState({ id, hash }, '');
  show(id, hash);
}

/**
 * @param {string} [id]
 * @param {string} [hash]
 */
function show(id, hash) {
  const isOpen = Boolean(id || hash);
  document.body.classList.toggle('reading', isOpen);
  browse.mark(id ?? '');
  if (isOpen) view.show(id ?? '', hash);
  else view.close();
}

function close() {
  if (history.state?.id || history.state?.hash) history.pushState(null, '');
  show();
  browse.focusList();
}

addEventListener('popstate', ({ state }) => show(state?.id, state?.hash));

addEventListener('keydown', (event) => {
  const { target, key } = event;
  const isTyping = target instanceof Element && target.matches('input, textarea, select');
  if (event.altKey || event.ctrlKey || event.metaKey || byId('question').open) return;
  if (key === 'Escape' && document.body.classList.contains('reading')) {
    event.preventDefault();
    close(); // a draft is kept, and is there when the session is opened again
  } else if (isTyping) {
    return;
  } else if (key === '/') {
    event.preventDefault();
    browse.focusSearch();
  } else if (key === 'e') {
    event.preventDefault();
    view.edit();
  }
});

/** What there is to look at. */
async function begin() {
  try {
    const { name, write, versions, expiresIn } = await ask('store');
    recover('store');
    const canWrite = write && versions;
    byId('store').textContent = name;
    byId('mode').textContent = canWrite
      ? 'can write'
      : versions
        ? 'read only'
        : 'read only: no versions';
    byId('mode').classList.toggle('writes', canWrite);
    document.title = name ? `${name} · Sessions` : 'Sessions';
    view.allowWriting(canWrite, expiresIn);
  } catch (error) {
    const failure = /** @type {import('./api.js').Failure} */ (error);
    fail('store', failure);
    if (failure.isPassing) setTimeout(begin, 2000);
  }
}

void begin();
void browse.read();
show(history.state?.id, history.state?.hash);
