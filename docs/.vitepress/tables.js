const LONG = 40; // characters

/**
 * Tables in a box that scrolls on a narrow screen, also by the keyboard; no headings without words; and a
 * class for cells with a sentence in them, which need some room.
 */
export function readableTables(md) {
  md.renderer.rules.table_open = () =>
    '<div class="table" role="group" aria-label="Table" tabindex="0"><table>\n';
  md.renderer.rules.table_close = () => '</table></div>\n';
  md.core.ruler.push('readable-tables', ({ tokens }) => {
    tokens.forEach((token, n) => {
      if (token.type === 'td_open' && tokens[n + 1].content.length > LONG)
        token.attrJoin('class', 'long');
    });
    const start = (token) => token.type === 'thead_open';
    for (let at = tokens.findIndex(start); at >= 0; at = next(tokens, at, start)) {
      const end = tokens.findIndex(({ type }, n) => n > at && type === 'thead_close');
      const head = tokens.slice(at, end + 1);
      if (head.every(({ type, content }) => type !== 'inline' || content === '')) {
        tokens.splice(at, head.length);
        continue;
      }
      head.forEach((token, n) => {
        if (token.type !== 'th_open' || head[n + 1].content !== '') return;
        token.tag = 'td';
        head[n + 2].tag = 'td';
      });
    }
  });
}

function next(tokens, after, matches) {
  return tokens.findIndex((token, n) => n > after && matches(token));
}
