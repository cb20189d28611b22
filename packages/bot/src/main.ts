import { parseArgs } from 'node:util';
import type { SessionStore } from '@sessions/core';
import { ConsoleBot, type ConsoleStreams, explain } from './console-bot.ts';
import { openStore } from './open-store.ts';

const HELP = `Asks for your nickname, in this terminal or through a pipe.

Options:
  --store <store>  where the session is kept (default: memory)
                     memory, file, file:./folder, sqlite:./file.db,
                     redis://host, mongodb://host, postgres://host,
                     or a package: name, name:argument, ./path.js:argument
  --session <id>   whose session it is (default: console:1)
  --from <folder>  where the store's package is installed (default: this folder)
  --help           shows this
`;

/** Runs the command line, and resolves with the exit code. */
export async function main(args: readonly string[], streams: ConsoleStreams = {}): Promise<number> {
  const { output = process.stdout, errorOutput = process.stderr } = streams;
  output.on('error', () => {}); // whoever read it has gone
  try {
    const options = parse(args);
    if (options.help) output.write(HELP);
    else await talk(await openStore(options.store, options.from), options.session, streams);
    return 0;
  } catch (error) {
    errorOutput.write(`${explain(error)}\n`);
    return 1;
  }
}

async function talk(
  store: SessionStore & { close?(): unknown },
  sessionId: string,
  streams: ConsoleStreams,
): Promise<void> {
  try {
    await nicknameBot(store, sessionId).start(streams);
  } finally {
    await store.close?.();
  }
}

function parse(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string', default: 'memory' },
      session: { type: 'string', default: 'console:1' },
      from: { type: 'string', default: process.cwd() },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}

function nicknameBot(sessionStore: SessionStore, sessionId: string): ConsoleBot {
  const bot = new ConsoleBot({ sessionStore, sessionId });
  bot.setInitialState({ asking: false, nickname: null });
  let isFirst = true;
  bot.onEvent(async (context) => {
    const { nickname } = context.state;
    const isBack = isFirst && nickname !== null;
    isFirst = false;
    if (isBack) await context.sendText(`Welcome back, ${nickname}`);
    else if (context.state.asking) {
      context.setState({ nickname: context.event.text, asking: false });
      await context.sendText(`Hello ${context.state.nickname}`);
    } else {
      context.resetState();
      context.setState({ asking: true });
      await context.sendText("Hi, what's your nickname?");
    }
  });
  return bot;
}
