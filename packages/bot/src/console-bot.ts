import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { isSessionError, type State } from '@sessions/core';
import { Bot, type BotOptions } from './bot.ts';
import type { BotEvent, Reply } from './context.ts';
import { linesOf } from './input-lines.ts';

/** One line that was typed. */
export interface ConsoleEvent extends BotEvent {
  readonly text: string;
}

export interface ConsoleBotOptions<T extends State = State>
  extends Omit<BotOptions<T, ConsoleEvent>, 'sessionId'> {
  /**
   * The id of the session; `console:1` by default. `platform` and `user` are stored only for
   * an id that begins with `console:`, so that talking in somebody else's session leaves theirs.
   */
  readonly sessionId?: string | undefined;
}

export interface ConsoleStreams {
  /** `process.stdin` by default. */
  readonly input?: ConsoleInput | undefined;
  /** `process.stdout` by default. */
  readonly output?: ConsoleOutput | undefined;
  /** Where errors go while the bot talks in a terminal; `process.stderr` by default. */
  readonly errorOutput?: NodeJS.WritableStream | undefined;
}

export type ConsoleInput = NodeJS.ReadableStream & { readonly isTTY?: boolean };
export type ConsoleOutput = NodeJS.WritableStream & { readonly isTTY?: boolean };

const HELP = `/state    shows the state
/session  shows the session as it is stored
/reset    goes back to the initial state
/help     shows this
/exit     ends the conversation, as Ctrl-C and Ctrl-D do
A text that begins with a slash is sent with one more: //start`;

/** A bot to talk to in a terminal, or through a pipe. */
export class ConsoleBot<T extends State = State> extends Bot<T, ConsoleEvent> {
  readonly #sessionId: string;

  constructor({ sessionId = 'console:1', ...options }: ConsoleBotOptions<T> = {}) {
    super(options);
    this.#sessionId = sessionId;
  }

  /**
   * Handles the lines of the input one after another, and resolves at its end or at `/exit`; then the
   * input is closed. Blank lines are skipped.
   *
   * In a terminal there is a prompt with a history, and an error is shown in place of the answer.
   * Otherwise the output has only the replies, one per line, and the first error ends it: `start`
   * rejects with that.
   */
  async start({
    input = process.stdin,
    output = process.stdout,
    errorOutput = process.stderr,
  }: ConsoleStreams = {}): Promise<void> {
    const ignore = () => {};
    output.on('error', ignore); // the write that failed rejects
    try {
      if (input.isTTY && output.isTTY) await this.#talk(input, output, errorOutput);
      else await this.#pipe(input, output);
    } finally {
      setImmediate(() => output.off('error', ignore)); // the stream tells after the write has rejected
    }
  }

  async #pipe(input: ConsoleInput, output: ConsoleOutput): Promise<void> {
    const print = (text: string) => write(output, `${text}\n`);
    for await (const line of linesOf(input)) {
      if (!(await this.#answer(line, print, print))) return;
    }
  }

  async #talk(
    input: ConsoleInput,
    output: ConsoleOutput,
    errorOutput: NodeJS.WritableStream,
  ): Promise<void> {
    const print = (text: string) => write(output, `${text}\n`);
    const reply = (text: string) => print(`Bot > ${text}`);
    await print('/help lists the commands.');
    const terminal = createInterface({ input, output, terminal: true, prompt: 'You > ' });
    let open = true;
    let interrupted = false;
    terminal.once('close', () => {
      open = false;
    });
    terminal.once('SIGINT', () => {
      interrupted = true;
      terminal.close();
    });
    try {
      terminal.prompt();
      for await (const line of terminal) {
        if (interrupted) break;
        try {
          if (!(await this.#answer(line, print, reply))) return;
        } catch (error) {
          // Where a handler failed is of use; where a store did is not.
          const text = isSessionError(error) ? explain(error) : inspect(error);
          await write(errorOutput, `${text}\n`);
        }
        if (open) terminal.prompt();
      }
    } finally {
      terminal.close();
    }
    await write(output, '\n'); // after Ctrl-C or Ctrl-D the prompt still stands there
  }

  /** Answers one line; `false` when it asks to leave. */
  async #answer(line: string, print: (text: string) => Promise<void>, reply: Reply) {
    if (line.trim() === '') return true;
    if (!line.startsWith('/') || line.startsWith('//')) {
      await this.handle(this.#event(line.startsWith('/') ? line.slice(1) : line), reply);
      return true;
    }
    const command = line.trimEnd();
    switch (command) {
      case '/state':
        await print(pretty(await this.withContext(this.#sessionId, ({ state }) => state)));
        break;
      case '/session':
        await print(pretty(await this.withContext(this.#sessionId, ({ session }) => session)));
        break;
      case '/reset':
        await this.withContext(this.#sessionId, (context) => context.resetState());
        await print('The state is the initial one again.');
        break;
      case '/help':
        await print(HELP);
        break;
      case '/exit':
        return false;
      default:
        await print(
          `There is no command ${command}; /help lists them, and /${command} says it to the bot.`,
        );
    }
    return true;
  }

  #event(text: string): ConsoleEvent {
    const sessionId = this.#sessionId;
    if (!sessionId.startsWith('console:')) return { sessionId, text };
    const user = { id: sessionId.slice('console:'.length), name: 'you' };
    return { sessionId, platform: 'console', user, text };
  }
}

/** The messages of an error and of its causes, in one line. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message || error.name;
  const message = 'code' in error ? `${text} (${error.code})` : text;
  return error.cause === undefined ? message : `${message}: ${explain(error.cause)}`;
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function write(output: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
