// Editing against the version that was shown. Nothing that was typed goes away by itself.
import { ask } from './api.js';
import { conflict } from './conflict.js';
import { isSame } from './diff.js';
import { h } from './dom.js';
import { date, now } from './format.js';
import { lifetimes, minutesOf } from './lifetime.js';

/** @typedef {import('./session.js').Version} Version */

export class Editor {
  element = h('form', { class: 'editor' });
  #id;
  /** The version that was shown. @type {Version} */
  #base;
  /** The one that is stored, by what is known; `null` for none. @type {Version | null} */
  #stored;
  #done;
  #expiresIn;
  #text = h('textarea', {
    id: 'text',
    spellcheck: false,
    autocapitalize: 'off',
    'aria-describedby': 'problem',
  });
  #problem = h('p', { id: 'problem', class: 'problem', role: 'alert' });
  #heard = h('p', { class: 'notice warn', hidden: true });
  #above = h('div', {});
  #lifetime = h('div', { class: 'lifetime' });
  #save = h('button', { type: 'submit', class: 'main', title: 'Ctrl+S' }, 'Save');
  #original;
  #isConflict = false;
  isFocused = false;

  /**
   * @param {string} id
   * @param {Version} base
   * @param {number | null} expiresIn minutes that the bot's sessions live, if that is known
   * @param {(text: string) => void} done
   */
  constructor(id, base, expiresIn, done) {
    this.#id = id;
    this.#base = this.#stored = base;
    this.#expiresIn = expiresIn;
    this.#done = done;
    this.#original = this.#text.value = JSON.stringify(base.session, null, 2);
    this.#text.rows = Math.min(28, Math.max(12, this.#original.split('\n').length + 1));
    const leave = h('button', { type: 'button', onclick: () => this.#leave() }, 'Discard');
    const label = h('label', { for: 'text' }, 'Session, as JSON');
    const actions = h('div', { class: 'actions' }, this.#save, leave, this.#lifetime);
    const foot = h('div', { class: 'foot' }, this.#problem, actions);
    this.element.append(this.#heard, this.#above, label, this.#text, foot);
    this.element.addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#put();
    });
    this.element.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      if (!(event.ctrlKey || event.metaKey) || !['s', 'Enter'].includes(event.key)) return;
      event.preventDefault();
      void this.#put();
    });
    this.element.addEventListener('focusin', () => {
      this.isFocused = true;
    });
    this.element.addEventListener('focusout', () => {
      this.isFocused = !document.hasFocus() || !this.element.isConnected;
    });
    this.#drawLifetime();
  }

  get isTyped() {
    return this.#text.value !== this.#original;
  }

  focus() {
    this.#text.focus();
  }

  /** What is stored now, as the page hears of it. @param {Version | null} version */
  heard(version) {
    if (this.#isConflict || version?.etag === this.#base.etag) return;
    this.#heard.hidden = false;
    this.#heard.textContent = version
      ? 'Somebody has changed this session since you began. Saving shows you both.'
      : 'This session is gone since you began. Saving asks you what to do.';
  }

  async #put() {
    let session;
    this.#problem.textContent = '';
    try {
      session = JSON.parse(this.#text.value);
    } catch (error) {
      this.#problem.textContent = `This is no JSON. ${/** @type {Error} */ (error).message}`;
      return this.focus();
    }
    const expiresAt = this.#end();
    const ifMatch = this.#stored?.etag ?? null;
    this.#save.disabled = true;
    try {
      await ask(
        'session',
        { id: this.#id },
        { method: 'PUT', json: { session, ifMatch, expiresAt } },
      );
      this.#done('Saved');
    } catch (error) {
      const { code, message, outcome } = /** @type {import('./api.js').Failure} */ (error);
      if (code === 'CONFLICT') await this.#meet(session);
      else {
        const unsure = outcome === 'unknown' ? 'Nobody can tell whether it was saved' : 'Not saved';
        this.#problem.textContent = `${unsure}: ${message}. Your text is still here; save it again.`;
      }
    } finally {
      this.#save.disabled = false;
    }
  }

  /** Somebody was faster: shows what is stored beside what was typed. @param {any} mine */
  async #meet(mine) {
    let stored = null;
    try {
      stored = await ask('session', { id: this.#id });
    } catch (error) {
      const { code, message } = /** @type {import('./api.js').Failure} */ (error);
      if (code !== 'ABSENT') {
        this.#problem.textContent = `Not saved: another version is there, and reading it failed: ${message}.`;
        return;
      }
    }
    // The answer to an earlier try got lost.
    if (stored && isSame(stored.session, mine)) return this.#done('Saved');
    this.#stored = stored;
    this.#isConflict = true;
    this.#heard.hidden = true;
    this.#save.textContent = stored
      ? 'Save this over what is stored'
      : 'Save this as a new session';
    this.#drawLifetime();
    this.#above.replaceChildren(
      conflict(this.#base, mine, stored, {
        merge: (merged) => {
          this.#text.value = JSON.stringify(merged, null, 2);
          this.#save.textContent = 'Save both';
          this.focus();
        },
      }),
    );
    this.#above.querySelector('h3').focus();
  }

  #leave() {
    if (!this.isTyped) return this.#done('Nothing changed');
    const typed = this.#text.value;
    const bring = h('button', { type: 'button' }, 'Bring it back');
    bring.addEventListener('click', () => {
      this.#text.value = typed;
      this.#problem.replaceChildren();
      this.focus();
    });
    this.#text.value = this.#original;
    const close = h(
      'button',
      { type: 'button', onclick: () => this.#done('Nothing changed') },
      'Close',
    );
    this.#problem.replaceChildren('Your text is put aside. ', bring, ' ', close);
    bring.focus();
  }

  #drawLifetime() {
    const { expiresAt } = this.#stored ?? this.#base;
    const isOver = expiresAt !== null && expiresAt <= now();
    const text = expiresAt === null ? 'ever, as before' : `as before, until ${date(expiresAt)}`;
    const choice = lifetimes('lives', this.#expiresIn, isOver ? undefined : text);
    this.#lifetime.replaceChildren(h('label', { for: 'lives' }, 'Live for'), choice);
  }

  /** When it is to expire. */
  #end() {
    const { value } = this.#lifetime.querySelector('select');
    if (value === 'keep') return (this.#stored ?? this.#base).expiresAt;
    const minutes = minutesOf(value);
    return minutes === null ? null : now() + minutes * 60_000;
  }
}
