export type { Config, Configured } from './config.ts';
export { main } from './main.ts';
