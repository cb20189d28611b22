import type { Command } from 'commander';
import { clear } from './commands/clear.ts';
import { copy } from './commands/copy.ts';
import { doctor } from './commands/doctor.ts';
import { edit } from './commands/edit.ts';
import { exportSessions } from './commands/export.ts';
import { get } from './commands/get.ts';
import { importSessions } from './commands/import.ts';
import { ls } from './commands/ls.ts';
import { prune } from './commands/prune.ts';
import { rm } from './commands/rm.ts';
import { set } from './commands/set.ts';
import { stats } from './commands/stats.ts';
import { tail } from './commands/tail.ts';
import { touch } from './commands/touch.ts';
import { ui } from './commands/ui.ts';
import { verify } from './commands/verify.ts';
import type { Context } from './context.ts';

/** Adds a command to the program. */
export type AddCommand = (program: Command, context: Context) => void;

/** The commands, in the order in which `--help` shows them. */
export const commands: readonly AddCommand[] = [
  ls,
  get,
  edit,
  set,
  rm,
  clear,
  touch,
  stats,
  verify,
  prune,
  copy,
  exportSessions,
  importSessions,
  tail,
  ui,
  doctor,
];
