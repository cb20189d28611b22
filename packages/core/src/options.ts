/**
 * Throws a `TypeError` for the first option whose name is not in `known`. The error suggests the
 * nearest known name. `subject` says whose options these are, such as `a store`.
 */
export function checkOptions(subject: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`the options of ${subject} are an object`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near ? `did you mean ${near}?` : `there are ${known.join(', ')}`;
    throw new TypeError(`${subject} has no option ${name}; ${hint}`);
  }
}

/** What other libraries call a lifetime; they also count it in other units. */
const LIFETIME = /^(ttl|max_?age|expir|life)/i;

function nearest(name: string, known: readonly string[]): string | undefined {
  if (LIFETIME.test(name) && known.includes('expiresIn')) return 'expiresIn, in minutes';
  const ranked = known
    .map((each) => ({ each, away: distance(name.toLowerCase(), each.toLowerCase()) }))
    .sort((a, b) => a.away - b.away);
  return ranked.find(({ each, away }) => away <= each.length / 2)?.each;
}

/** How many characters have to be put in, left out or changed (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name} must be a function`);
}

export function checkAmount(name: string, value: unknown, unit: string, most: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number of ${unit}`);
  if (!(value > 0 && value <= most)) {
    throw new RangeError(`${name} must be more than 0 and at most ${most} ${unit}, not ${value}`);
  }
}
