// Whether the store answers, as the header says it.
import { byId, h } from './dom.js';
import { clock, now } from './format.js';

/** What has failed and not answered since, by who asked. @type {Map<string, string>} */
const failing = new Map();

/**
 * @param {string} who
 * @param {import('./api.js').Failure} error
 */
export function fail(who, error) {
  if (!error.isPassing && error.code !== 'REFUSED') return recover(who);
  failing.set(who, error.code);
  show();
}

/** @param {string} who */
export function recover(who) {
  if (failing.delete(who) || byId('health').textContent === '') show();
}

function show() {
  const health = byId('health');
  const [code] = failing.values();
  const text =
    code === undefined
      ? 'the store answers'
      : code === 'GONE'
        ? 'the command does not answer'
        : code === 'REFUSED'
          ? 'this address is not valid any more'
          : 'the store does not answer';
  if (health.dataset.text === text) return;
  health.dataset.text = text;
  health.classList.toggle('failing', code !== undefined);
  health.replaceChildren(
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    code === undefined ? text : `${text} since ${clock(now())}`,
  );
}
