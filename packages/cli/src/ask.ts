import { createInterface } from 'node:readline/promises';
import type { Context } from './context.ts';
import { Failure, MISUSED } from './failure.ts';
import { printable } from './printable.ts';

/** Asks for a yes in the terminal. Where there is none, `option` has to be given instead. */
export async function ask(question: string, option: string, context: Context): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Failure(`nobody can be asked here: say ${option} if it shall be done`, MISUSED);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  terminal.on('SIGINT', () => process.emit('SIGINT'));
  try {
    const text = printable(context.hide(`${question} [y/N] `));
    const answer = await terminal.question(text, { signal: context.signal }).catch((error) => {
      if (context.signal.aborted) throw error;
      process.stderr.write('\n'); // Ctrl-D has ended no line
      return '';
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
