const NOT_RUN = new Set(['sh', 'text', 'console']);

/** The programs of a page: `{ line, program, output }`, `{ line, name, program }` for a file, `{ line, command, output }`. */
export function stepsOf(markdown) {
  const blocks = [...markdown.matchAll(/^```(\S*) ?([^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    language: match[1],
    info: match[2],
    code: match[3],
  }));
  return blocks.flatMap(({ line, language, info, code }, n) => {
    if (info.startsWith('sketch')) return [];
    if (language === 'console') return commandsOf(code).map((command) => ({ line, ...command }));
    if (language === 'js' && info) return [{ line, name: info, program: code }];
    if (language === 'js') {
      const next = blocks[n + 1];
      return [{ line, program: code, output: next?.language === 'text' ? next.code : undefined }];
    }
    if (!NOT_RUN.has(language))
      throw new Error(`line ${line}: nothing runs or compiles ${language}`);
    return [];
  });
}

/** `$ node a.mjs`, and below it what that prints. */
function commandsOf(code) {
  return code
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [command, ...output] = text.split('\n');
      return { command, output: output.join('\n') };
    });
}
