const SHORT = 16; // characters
const LONG = 36;

/** Classes for code in a text: what is short stays in one line, `--json` is not cut; what is long never does. */
export function wholeNames(md) {
  md.core.ruler.push('whole-names', ({ tokens }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== 'code_inline') continue;
      if (token.content.length <= SHORT) token.attrJoin('class', 'short');
      if (token.content.length > LONG) token.attrJoin('class', 'wide');
    }
  });
}
