export { Bot, type BotOptions } from './bot.ts';
export {
  ConsoleBot,
  type ConsoleBotOptions,
  type ConsoleEvent,
  type ConsoleInput,
  type ConsoleOutput,
  type ConsoleStreams,
  explain,
} from './console-bot.ts';
export type { BotEvent, BotUser, Context, Reply } from './context.ts';
export { openStore } from './open-store.ts';
