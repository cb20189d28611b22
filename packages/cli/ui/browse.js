// Search, the listing as it comes, its order and its counts.
import { drawAges } from './ages.js';
import { Failure, lines } from './api.js';
import { byId, h, say } from './dom.js';
import { clock, count, now, setClock, visible } from './format.js';
import { fail, recover } from './health.js';
import { List } from './list.js';
import { LIMIT, Rows } from './rows.js';

const TYPING = 150; // ms without a key before the store is asked
/** @type {[import('./rows.js').Order, string, string][]} */
const COLUMNS = [
  ['id', 'Session', 'by id'],
  ['active', 'Active', 'by last activity, latest first'],
  ['size', 'Size', 'by size, largest first'],
  ['expires', 'Expires', 'by expiry, soonest first'],
];

export class Browse {
  #input = byId('prefix');
  #rows = new Rows();
  #list;
  #openId;
  /** @type {import('./rows.js').Order} */
  #order = 'active';
  #reading = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #again = 0;
  #isComplete = false;
  /** Whether what is shown is not yet what was asked for. */
  #isReading = true;
  #isEntered = false;
  #readAt = now();
  /** What is wrong with the list, or what it leaves out. */
  #note = '';

  /**
   * @param {(row: import('./rows.js').Row) => void} open
   * @param {(id: string) => void} openId
   */
  constructor(open, openId) {
    this.#list = new List(open);
    this.#openId = openId;
    this.#input.addEventListener('input', () => {
      this.#isReading = true;
      this.#isEntered = false;
      this.#later(TYPING);
    });
    this.#input.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        this.#list.focus();
      }
    });
    byId('search').addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#enter();
    });
    byId('refresh').addEventListener('click', () => this.read());
    this.#columns();
  }

  get prefix() {
    return this.#input.value;
  }

  focusSearch() {
    this.#input.focus();
    this.#input.select();
  }

  focusList() {
    this.#list.focus();
  }

  /** @param {string} id */
  mark(id) {
    this.#list.mark(id);
  }

  /**
   * What has become of a session that is shown elsewhere.
   * @param {string} id
   * @param {{ size: number, active: number | null, expires: number | null }} row
   */
  update(id, { size, active, expires }) {
    const n = this.#rows.find(id);
    if (n >= 0) this.#rows.set(n, id, size, active, expires);
    this.#list.draw();
  }

  /** Lists anew; what is shown stays until there is something to show. */
  async read() {
    clearTimeout(this.#timer);
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.#isReading = true;
    const rows = new Rows();
    let shownAt = 0;
    this.#note = '';
    this.#isComplete = false;
    this.#count(this.#rows, true);
    try {
      for await (const some of lines('sessions', { prefix: this.prefix }, signal)) {
        for (const line of some) this.#take(rows, line);
        if (rows.length > LIMIT) {
          this.#note = 'not all: a longer beginning shows the others';
          this.#isComplete = true;
          break;
        }
        // Less and less often, as rows move when they are put in order.
        if (rows.length >= shownAt * 2 + 1) {
          shownAt = rows.length;
          this.#show(rows);
        }
        this.#count(rows.length > 0 ? rows : this.#rows, true);
        if (this.#isComplete) break;
      }
      if (!this.#isComplete) throw new Failure('GONE', 'the list was cut off');
      this.#again = 0;
      recover('list');
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(/** @type {Failure} */ (error), rows);
    }
    if (rows.length > 0 || this.#isComplete) {
      this.#show(rows);
      this.#readAt = now();
    }
    this.#count(this.#rows, false);
    this.#isReading = false;
    say(byId('count').textContent);
    if (this.#isEntered) this.#enter();
  }

  /**
   * @param {Rows} rows
   * @param {any} line
   */
  #take(rows, line) {
    if (Array.isArray(line)) rows.add(/** @type {any} */ (line));
    else if (line.now) setClock(line.now);
    else if (line.corrupt !== undefined) rows.addCorrupt(line);
    else if (line.error) throw new Failure(line.error.code, line.error.message, line.error);
    else if (line.end) this.#isComplete = true;
  }

  /**
   * @param {Failure} error
   * @param {Rows} rows
   */
  #failed(error, rows) {
    if (error.code === 'NO_LISTING') {
      this.#note = 'this store cannot list its sessions; type an id in full';
      this.#isComplete = true;
      recover('list');
      return;
    }
    const part = rows.length > 0 ? `only ${count(rows.length)} could be read` : 'not read';
    this.#note = `${part}: ${error.message}`;
    fail('list', error);
    if (error.isPassing) this.#later(Math.min(1000 * 2 ** this.#again++, 8000));
  }

  /** @param {number} ms */
  #later(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.read(), ms);
  }

  /** @param {Rows} rows */
  #show(rows) {
    this.#rows = rows;
    this.#list.show(rows, rows.ordered(this.#order));
    drawAges(rows.activity);
    byId('list').hidden = rows.length === 0;
    const nothing = byId('nothing');
    nothing.hidden = rows.length > 0 || !this.#isComplete;
    if (nothing.hidden) return;
    const { prefix } = this;
    const canList = !this.#note.startsWith('this store');
    const text = prefix ? `No session begins with “${visible(prefix)}”.` : 'The store is empty.';
    const look = h('button', { type: 'button', onclick: () => this.#openId(prefix) });
    look.textContent = 'Look for exactly this id';
    nothing.replaceChildren(
      h('p', {}, canList ? text : 'This store has no list. Type the id of a session in full.'),
      ...(prefix ? [look] : []),
    );
  }

  /**
   * @param {Rows} rows
   * @param {boolean} isReading
   */
  #count(rows, isReading) {
    const { length, unreadable } = rows;
    const parts = [`${count(length - unreadable)} session${length - unreadable === 1 ? '' : 's'}`];
    if (unreadable > 0) parts.push(`${count(unreadable)} unreadable`);
    if (this.#note) parts.push(this.#note);
    const at = this.#note.startsWith('not read') ? 'shown is what was read at' : 'at';
    parts.push(isReading ? 'reading…' : `${at} ${clock(this.#readAt)}`);
    byId('count').textContent = parts.join(' · ');
    byId('browse').setAttribute('aria-busy', String(isReading));
  }

  /** Enter in the search: the session with that very id, or the only one, or else the list. */
  #enter() {
    if (this.#isReading) {
      this.#isEntered = true; // once it is known what there is
      return;
    }
    this.#isEntered = false;
    const { prefix } = this;
    const rows = this.#rows;
    const readable = rows.length - rows.unreadable;
    if (prefix && (rows.find(prefix) >= 0 || readable === 0)) this.#openId(prefix);
    else if (prefix && rows.length === 1) this.#openId(rows.at(0).id ?? prefix);
    else this.#list.focus();
  }

  #columns() {
    const buttons = COLUMNS.map(([order, text, title]) =>
      h(
        'button',
        {
          type: 'button',
          class: order,
          title: `Sort ${title}`,
          'aria-pressed': order === this.#order,
          onclick: () => {
            this.#order = this.#order === order ? 'stored' : order;
            this.#columns();
            byId('columns').querySelector(`.${order}`).focus();
            this.#list.show(this.#rows, this.#rows.ordered(this.#order));
          },
        },
        text,
      ),
    );
    byId('columns').replaceChildren(...buttons);
  }
}
