// When the sessions of the list were last active: a bar for each span of time, longer ones further back.
import { byId, h } from './dom.js';
import { count, now, words } from './format.js';

const SECOND = 1000;
const DAY = 86_400_000;
const YOUNGEST = 10 * SECOND;
const OLDEST = 2 * 365 * DAY;
const BARS = 48;
/** @type {[string, number][]} */
const MARKS = [
  ['1 min', 60 * SECOND],
  ['1 hour', 3600 * SECOND],
  ['1 day', DAY],
  ['1 month', 30 * DAY],
  ['1 year', 365 * DAY],
];

/** Where an age is between the youngest (0) and the oldest (1). @param {number} age */
function along(age) {
  const share = Math.log(age / YOUNGEST) / Math.log(OLDEST / YOUNGEST);
  return Math.max(0, Math.min(share, 1 - 1e-9));
}

/** @param {Float64Array} activity */
export function drawAges(activity) {
  const figure = byId('ages');
  const bars = new Array(BARS).fill(0);
  const at = now();
  let known = 0;
  let lastHour = 0;
  for (const time of activity) {
    if (time === -Infinity) continue;
    known++;
    const age = Math.max(at - time, YOUNGEST);
    if (age < 3600 * SECOND) lastHour++;
    bars[Math.floor(along(age) * BARS)]++;
  }
  figure.hidden = known === 0;
  if (known === 0) return;
  const most = Math.max(...bars);
  const label = `Last activity: ${count(lastHour)} of ${count(known)} in the last hour`;
  const chart = h('div', { class: 'bars', role: 'img', 'aria-label': label });
  for (const [n, value] of bars.entries()) {
    const bar = h('div', { class: 'bar', title: `${count(value)}: ${spanOf(n)}` }, h('div'));
    // A root makes few visible beside many.
    bar.firstChild.style.height = value ? `${Math.max(6, Math.sqrt(value / most) * 100)}%` : '0';
    chart.append(bar);
  }
  const axis = h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', {}, 'now'));
  for (const [text, age] of MARKS) {
    const mark = h('span', {}, text);
    mark.style.left = `${along(age) * 100}%`;
    axis.append(mark);
  }
  figure.replaceChildren(h('figcaption', {}, label), chart, axis);
}

/** @param {number} bar */
function spanOf(bar) {
  const age = (/** @type {number} */ share) => YOUNGEST * (OLDEST / YOUNGEST) ** share;
  if (bar === 0) return `less than ${words(age(1 / BARS))} ago`;
  if (bar === BARS - 1) return `more than ${words(age(bar / BARS))} ago`;
  return `${words(age(bar / BARS))} to ${words(age((bar + 1) / BARS))} ago`;
}
