// How long a session is to live.
import { h } from './dom.js';
import { words } from './format.js';

/** Minutes. @type {[string, string][]} */
const CHOICES = [
  ['60', '1 hour'],
  ['1440', '1 day'],
  ['43200', '30 days'],
  ['525600', '1 year'],
  ['never', 'ever'],
];

/**
 * @param {string} id
 * @param {number | null} usual minutes that the bot's sessions live, if that is known
 * @param {string} [kept] what it is called to keep the end that there is
 */
export function lifetimes(id, usual, kept) {
  const bot = usual === null ? undefined : `${words(usual * 60_000)}, as the bot does`;
  const options = [
    ...(kept ? [['keep', kept]] : []),
    ...(bot ? [[String(usual), bot]] : []),
    ...CHOICES.filter(([value]) => value !== String(usual)),
  ].map(([value, text]) => h('option', { value }, text ?? ''));
  const select = h('select', { id }, ...options);
  if (!kept && !bot) select.value = '1440';
  return select;
}

/**
 * `null` for ever.
 * @param {string} choice
 */
export function minutesOf(choice) {
  return choice === 'never' ? null : Number(choice);
}
