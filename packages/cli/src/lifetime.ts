import { InvalidArgumentError } from 'commander';

/** The option of commands that write, for commander. */
export const EXPIRES_IN: readonly [string, string, (text: string) => number] = [
  '--expires-in <minutes>',
  'how long it lives from now on, in minutes, or never',
  (text) => {
    const minutes = text === 'never' ? Infinity : text.trim() === '' ? Number.NaN : Number(text);
    if (minutes > 0) return minutes;
    throw new InvalidArgumentError('It is a number of minutes above 0, or never.');
  },
];
