const LAST = 0x10ffff;
const SURROGATES = [0xd800, 0xdfff] as const;

/**
 * The first string after all that begin with the prefix, by bytes of UTF-8, which is the order of
 * code points; `undefined` when there is none.
 */
export function endOf(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) as number);
  while (points.at(-1) === LAST) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  const next = last + 1 === SURROGATES[0] ? SURROGATES[1] + 1 : last + 1;
  return String.fromCodePoint(...points, next);
}
