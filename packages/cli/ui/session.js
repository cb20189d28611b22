// One session, as it is stored now, or as it was when it could last be read.
import { Activity } from './activity.js';
import { remove, renew } from './change.js';
import { byId, h, say } from './dom.js';
import { Editor } from './editor.js';
import { clock, now, visible } from './format.js';
import { fail, recover } from './health.js';
import { GONE } from './list.js';
import { actions, bytesOf, content, factsOf, hints, isOver, notice, noticeOf } from './sheet.js';
import { Watch } from './watch.js';

/** @typedef {{ session: any, etag: string | null, expiresAt: number | null, active: number | null }} Version */
/** @typedef {'loading' | 'there' | 'absent' | 'corrupt' | 'nameless' | 'gone' | 'failed'} State */
/** @typedef {import('./api.js').Failure} Failure */

export class SessionView {
  #root = byId('session');
  #canWrite = false;
  /** Minutes that the bot's sessions live, if that is known. @type {number | null} */
  #expiresIn = null;
  #onRow;
  #onClose;
  #id = '';
  /** The SHA-256 of an id that nobody knows. @type {string | undefined} */
  #hash;
  /** @type {State} */
  #state = 'loading';
  /** @type {Version | undefined} */
  #version;
  /** @type {Failure | undefined} */
  #failure;
  #readAt = 0;
  /** Whether it went away by a button of this page. */
  #isDeleted = false;
  /** @type {Watch | undefined} */
  #watch;
  #activity = new Activity();
  #open = { open: new Set(), changed: new Set() };
  /** By the id of their session: they outlive a look at another one. @type {Map<string, Editor>} */
  #editors = new Map();

  /**
   * @param {(id: string, row: { size: number, active: number | null, expires: number | null }) => void} onRow
   * @param {() => void} onClose
   */
  constructor(onRow, onClose) {
    this.#onRow = onRow;
    this.#onClose = onClose;
    this.#root.tabIndex = 0; // it scrolls
    setInterval(() => this.#tick(), 1000);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) void this.#watch?.look();
    });
    addEventListener('beforeunload', (event) => {
      const isTyped = [...this.#editors.values()].some((editor) => editor.isTyped);
      if (isTyped) event.preventDefault();
    });
  }

  /** @param {boolean} canWrite @param {number | null} expiresIn */
  allowWriting(canWrite, expiresIn) {
    this.#canWrite = canWrite;
    this.#expiresIn = expiresIn;
    if (this.#watch) this.#draw();
  }

  /** @param {string} id @param {string} [hash] of a record that cannot be read and has no name */
  show(id, hash) {
    this.close();
    this.#id = id;
    this.#hash = hash;
    this.#activity = new Activity();
    this.#open = { open: new Set(), changed: new Set() };
    this.#state = hash ? 'nameless' : 'loading';
    this.#root.scrollTop = 0;
    this.#draw();
    this.#focusTitle();
    if (hash) return;
    this.#watch = new Watch(id, {
      etag: () => (this.#state === 'there' ? this.#version?.etag : undefined),
      answered: () => this.#answered(),
      found: (version) => this.#found(version),
      missed: (error) => this.#missed(error),
    });
  }

  close() {
    this.#watch?.stop();
    this.#watch = undefined;
    recover('session');
    this.#version = undefined;
    this.#failure = undefined;
    this.#isDeleted = false;
    this.#root.replaceChildren(hints());
  }

  edit() {
    if (!this.#canWrite || !this.#version || this.#state !== 'there') return;
    const id = this.#id;
    const done = (/** @type {string} */ text) => {
      this.#editors.delete(id);
      say(text);
      if (!this.#watch || this.#id !== id) return;
      this.#activity.add(text);
      this.#draw();
      this.#focusTitle();
      void this.#watch.look();
    };
    const editor = this.#editors.get(id) ?? new Editor(id, this.#version, this.#expiresIn, done);
    this.#editors.set(id, editor);
    this.#draw();
    editor.focus();
  }

  #answered() {
    this.#readAt = now();
    recover('session');
    if (!this.#failure) return;
    this.#failure = undefined;
    this.#activity.add('the store answered again');
    this.#draw();
  }

  /** @param {Version} found */
  #found(found) {
    const before = this.#version;
    if (before && this.#state === 'there') {
      if (before.etag !== null || JSON.stringify(before) !== JSON.stringify(found)) {
        this.#open.changed = this.#activity.addVersion(before, found);
      }
    } else if (this.#state === 'gone') {
      this.#activity.add('stored again');
    }
    this.#version = found;
    this.#state = 'there';
    this.#isDeleted = false;
    const { session, active, expiresAt } = found;
    this.#onRow(this.#id, { size: bytesOf(session), active, expires: expiresAt });
    this.#editors.get(this.#id)?.heard(found);
    this.#draw();
  }

  /** @param {Failure} error */
  #missed(error) {
    const { code } = error;
    if (code !== 'ABSENT' && code !== 'CORRUPT') {
      this.#failure = error;
      if (!this.#version) this.#state = 'failed';
      fail('session', error);
    } else {
      const isGone = code === 'ABSENT' && this.#version !== undefined;
      const state = isGone ? 'gone' : code === 'ABSENT' ? 'absent' : 'corrupt';
      if (state === this.#state) return;
      this.#state = state;
      if (isGone) this.#lost();
    }
    this.#draw();
    say(this.#root.querySelector('.notice')?.textContent ?? '');
  }

  #lost() {
    const { active = null, expiresAt = null } = this.#version ?? {};
    const isExpired = isOver(this.#version);
    if (!this.#isDeleted) this.#activity.add(isExpired ? 'found expired' : 'found destroyed');
    this.#onRow(this.#id, { size: 0, active, expires: isExpired ? expiresAt : GONE });
    this.#editors.get(this.#id)?.heard(null);
  }

  #draw() {
    const path = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.path;
    const [version, editor] = [this.#version, this.#editors.get(this.#id)];
    const hadFocus = editor?.isFocused;
    const back = h('button', { type: 'button', class: 'back', onclick: this.#onClose });
    back.textContent = '← All sessions';
    const title = h(
      'h2',
      { tabIndex: -1, 'data-path': 'title' },
      this.#hash ? 'Unreadable record' : visible(this.#id),
    );
    const head = h('div', { class: 'head' }, back, title, editor ? null : this.#actions());
    const notice = this.#notice();
    const parts = [head, notice];
    if (version) {
      parts.push(h('dl', { class: 'facts' }));
      parts.push(editor ? editor.element : content(version.session, this.#open));
      parts.push(h('section', { class: 'times', 'aria-label': 'Activity' }));
    }
    this.#root.classList.toggle('gone', this.#state === 'gone');
    const { scrollTop } = this.#root;
    this.#root.replaceChildren(...parts.filter(Boolean));
    this.#tick();
    this.#root.scrollTop = scrollTop;
    if (path) this.#root.querySelector(`[data-path="${CSS.escape(path)}"]`)?.focus();
    if (hadFocus) editor?.focus();
  }

  #notice() {
    if (this.#state === 'gone' && this.#isDeleted) return notice('', 'You deleted this session.');
    return noticeOf(this.#state, this.#version, this.#failure, this.#readAt, this.#hash);
  }

  #focusTitle() {
    this.#root.querySelector('h2')?.focus();
  }

  /** What changes as time goes on. */
  #tick() {
    const version = this.#version;
    const times = this.#root.querySelector('.times');
    if (!version || !times) return;
    this.#root.querySelector('.facts').replaceChildren(...factsOf(version));
    const age = Math.max(0, Math.round((now() - this.#readAt) / 1000));
    const isThere = this.#state === 'there' && !this.#failure;
    const known = isThere ? `as stored, read ${age} s ago` : `last read at ${clock(this.#readAt)}`;
    const text = this.#state === 'gone' ? 'not stored any more' : known;
    times.replaceChildren(h('h3', {}, 'Activity'), this.#activity.element(version, text));
  }

  #actions() {
    if (!this.#canWrite) return null;
    return actions(this.#state, this.#expiresIn, {
      edit: () => this.edit(),
      renew: async (minutes) => this.#tell((await renew(this.#id, minutes)) ?? 'renewed'),
      remove: async () => {
        const id = this.#id;
        const why = await remove(id, this.#state === 'corrupt' ? undefined : this.#version?.etag);
        if (!why && id === this.#id) this.#isDeleted = true;
        await this.#tell(why ?? 'deleted');
      },
    });
  }

  /** What became of a change, and what is there now. @param {string} text */
  async #tell(text) {
    this.#activity.add(text);
    say(text);
    await this.#watch?.look();
  }
}
