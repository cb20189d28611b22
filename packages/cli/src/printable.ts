import { styled } from './style.ts';

// Controls, what turns the direction of a line, what ends one, lone surrogates: a terminal would obey
// them. Not U+200D, of which emoji are made.
const OBEYED = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** JSON text, perhaps of several lines, that no terminal obeys, and that means the same. */
export function printableJson(json: string): string {
  return json.replace(OBEYED, (character) => (character === '\n' ? '\n' : escaped(character)));
}

/** An id as it is, or as a JSON string where it holds what cannot be shown as it is. */
export function printableId(id: string): string {
  const plain = id !== '' && !/^[\s"]|\s$/.test(id) && id.search(OBEYED) < 0;
  return plain ? id : printableJson(JSON.stringify(id));
}

/** Words of others, such as a message, in one line or several. */
export function printable(text: string): string {
  return text.replace(OBEYED, (character) => (character === '\n' ? '\n' : escaped(character)));
}

/** What is wrong with one session: the code of the error, the session or its file, and words. */
export function problemLine(code: string | undefined, where: string, words: string): string {
  return `${styled('red', code ?? '')}  ${where}  ${printable(words)}`;
}

function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
