export { Bot, type BotOptions } from './bot.ts';
export {
  ConsoleBot,
  type ConsoleBotOptions,
  type ConsoleEvent,
  type ConsoleInput,
  type ConsoleOutput,
  type ConsoleStreams,
} from './console-bot.ts';
export type { BotEvent, BotUser, Context, Reply } from './context.ts';
