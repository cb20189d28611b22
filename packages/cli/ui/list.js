// The list on the screen: as many elements as fit, for as many rows as there are.
import { byId, h } from './dom.js';
import { now, size, span, visible } from './format.js';

/** @typedef {import('./rows.js').Rows} Rows */

const HEIGHT = 30; // px of a row, as in list.css
const TALLEST = 8_000_000; // px; browsers give up on elements that are higher
/** The expiry of a row that was destroyed since. */
export const GONE = 0;
const BEYOND = 6; // rows above and below the screen

export class List {
  #box = byId('list');
  #space = byId('rows');
  /** @type {Rows | undefined} */
  #rows;
  /** The numbers of the rows, in their places. @type {Uint32Array} */
  #order = new Uint32Array();
  /** The number of the chosen row, not its place. */
  #chosen = -1;
  #place = -1;
  /** @type {any[]} */
  #elements = [];
  #drawing = 0;
  #open;
  #opened = '';

  /** @param {(row: import('./rows.js').Row) => void} open */
  constructor(open) {
    this.#open = open;
    const draw = () => this.draw();
    this.#box.addEventListener('scroll', draw, { passive: true });
    new ResizeObserver(draw).observe(this.#box);
    this.#box.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.#box.addEventListener('click', (/** @type {MouseEvent} */ event) => {
      const element = /** @type {Element} */ (event.target).closest('.row');
      if (element) this.#choose(Number(element.getAttribute('data-place')), true);
    });
    this.#box.addEventListener('focus', () => {
      if (this.#place < 0 && this.#order.length > 0) this.#choose(this.#first(), false);
    });
    setInterval(draw, 5000); // times go on
  }

  /**
   * @param {Rows} rows
   * @param {Uint32Array} order
   */
  show(rows, order) {
    const chosen = this.#rows === rows ? this.#chosen : -1;
    if (this.#rows !== rows) this.#box.scrollTop = 0;
    this.#rows = rows;
    this.#order = order;
    this.#chosen = chosen;
    this.#place = chosen < 0 ? -1 : order.indexOf(chosen);
    this.#space.style.height = `${Math.min(order.length * HEIGHT, TALLEST)}px`;
    this.draw();
  }

  /** Marks the session that is open beside the list. @param {string} id */
  mark(id) {
    this.#opened = id;
    this.draw();
  }

  focus() {
    this.#box.focus();
  }

  draw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  #draw() {
    const { clientHeight, scrollTop } = this.#box;
    const total = this.#order.length;
    const fit = Math.ceil(clientHeight / HEIGHT) + 2 * BEYOND;
    const top = this.#topRow(scrollTop);
    const from = Math.max(0, Math.min(Math.floor(top) - BEYOND, total - fit));
    const until = Math.min(total, from + fit);
    while (this.#elements.length < until - from) {
      const element = rowElement();
      this.#elements.push(element);
      this.#space.append(element);
    }
    for (const [n, element] of this.#elements.entries()) {
      element.hidden = from + n >= until;
      if (element.hidden) continue;
      const y =
        total * HEIGHT > TALLEST ? scrollTop + (from + n - top) * HEIGHT : (from + n) * HEIGHT;
      element.style.transform = `translateY(${y}px)`;
      this.#fill(element, from + n);
    }
    const isDrawn = this.#place >= from && this.#place < until;
    if (isDrawn) this.#box.setAttribute('aria-activedescendant', `row-${this.#place}`);
    else this.#box.removeAttribute('aria-activedescendant');
  }

  /**
   * @param {any} element
   * @param {number} place
   */
  #fill(element, place) {
    const row = this.#rows?.at(this.#order[place] ?? 0);
    if (!row) return;
    const { id, hash, active, expires } = row;
    const isExpired = expires !== null && expires <= now();
    const isNever = !hash && expires === null;
    const left = isExpired ? 'expired' : isNever ? 'never' : span((expires ?? 0) - now());
    const lifetime = expires === GONE ? 'gone' : left;
    const texts = hash
      ? [id === null ? `id with SHA-256 ${hash}` : visible(id), '', '', 'unreadable']
      : [
          visible(id ?? ''),
          active === null ? '–' : span(Math.max(0, now() - active)),
          size(row.size),
          lifetime,
        ];
    element.id = `row-${place}`;
    element.setAttribute('data-place', place);
    element.setAttribute('aria-posinset', place + 1);
    element.setAttribute('aria-setsize', this.#order.length);
    element.setAttribute('aria-selected', place === this.#place);
    element.classList.toggle('opened', id !== null && id === this.#opened);
    element.classList.toggle('corrupt', hash !== undefined);
    element.classList.toggle('expired', isExpired);
    for (const [n, text] of texts.entries()) {
      const cell = element.children[n];
      if (cell.lastChild.data !== text) cell.lastChild.data = text;
    }
    element.title = texts[0];
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.#box.clientHeight / HEIGHT) - 1);
    const last = this.#order.length - 1;
    /** @type {Record<string, number>} */
    const places = {
      ArrowDown: this.#place + 1,
      ArrowUp: this.#place - 1,
      PageDown: this.#place + page,
      PageUp: this.#place - page,
      Home: 0,
      End: last,
    };
    const isOpening = event.key === 'Enter' || event.key === ' ';
    const place = isOpening ? this.#place : places[event.key];
    if (place === undefined || last < 0) return;
    event.preventDefault();
    this.#choose(Math.max(0, Math.min(place, last)), isOpening);
  }

  /**
   * @param {number} place
   * @param {boolean} isOpening
   */
  #choose(place, isOpening) {
    this.#place = place;
    this.#chosen = this.#order[place] ?? -1;
    this.#reveal(place);
    this.#draw();
    const row = isOpening && this.#rows?.at(this.#chosen);
    if (row) this.#open(row);
  }

  /** @param {number} place */
  #reveal(place) {
    const { clientHeight } = this.#box;
    const top = this.#topRow(this.#box.scrollTop);
    const visibleRows = clientHeight / HEIGHT;
    if (place < top) this.#scrollTo(place);
    else if (place + 1 > top + visibleRows) this.#scrollTo(place + 1 - visibleRows);
  }

  #first() {
    return Math.ceil(this.#topRow(this.#box.scrollTop));
  }

  // Beyond TALLEST the place of the scroll bar is a share of the list, no longer a number of pixels.

  /** @param {number} scrollTop */
  #topRow(scrollTop) {
    const total = this.#order.length;
    if (total * HEIGHT <= TALLEST) return scrollTop / HEIGHT;
    const { clientHeight } = this.#box;
    return (scrollTop / (TALLEST - clientHeight)) * (total - clientHeight / HEIGHT);
  }

  /** @param {number} top */
  #scrollTo(top) {
    const total = this.#order.length;
    const { clientHeight } = this.#box;
    this.#box.scrollTop =
      total * HEIGHT <= TALLEST
        ? top * HEIGHT
        : (top / (total - clientHeight / HEIGHT)) * (TALLEST - clientHeight);
  }
}

/** The cells, each with its name for those who hear the row. */
function rowElement() {
  const cell = (/** @type {string} */ name, /** @type {string} */ label) => {
    const element = h('span', { class: name });
    if (label) element.append(h('span', { class: 'unseen' }, `, ${label} `));
    element.append(document.createTextNode(''));
    return element;
  };
  return h(
    'div',
    { class: 'row', role: 'option' },
    cell('id', ''),
    cell('active', 'active'),
    cell('size', 'size'),
    cell('expires', 'expires in'),
  );
}
