import type { SessionStore } from '@sessions/core';
import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { examineFiles } from '../doctor/file.ts';
import { bad, type Doctor, type Finding, look, ok, unknown } from '../doctor/finding.ts';
import { examineStore, tryWriting } from '../doctor/general.ts';
import { examineMongo } from '../doctor/mongo.ts';
import { examinePostgres } from '../doctor/postgres.ts';
import { examineRedis } from '../doctor/redis.ts';
import { examineSqlite } from '../doctor/sqlite.ts';
import { explain, FAILED, FOUND } from '../failure.ts';
import type { Opened } from '../open.ts';
import { printable, printableJson } from '../printable.ts';
import { styled } from '../style.ts';

// Of our packages; what a stranger's store keeps its sessions in, nobody knows here.
const DOCTORS: Readonly<Record<string, Doctor>> = {
  file: examineFiles,
  sqlite: examineSqlite,
  redis: examineRedis,
  postgres: examinePostgres,
  mongo: examineMongo,
};

const COLOURS = { ok: 'green', look: 'yellow', bad: 'red', unknown: 'dim' } as const;

export function doctor(program: Command, context: Context): void {
  program
    .command('doctor [store]')
    .summary('what the store is, and whether it is set up well')
    .description('Connects, asks the backend how it is set up, and tells what holds there.')
    .option('--write', 'also writes a session of its own, and removes it')
    .option('--json', 'one JSON object for each finding, one line each')
    .addHelpText(
      'after',
      `
ok: it is well   look: it may cost sessions, or time   bad: it does not work   unknown: nobody tells
Ends with 3 where there is something to look at, and with 1 where something is bad.

Examples:
  sessions doctor redis://localhost
  sessions doctor ./sessions --write
`,
    )
    .action(async (given: string | undefined, _, command: Command) => {
      const { store, write, json } = command.optsWithGlobals();
      for await (const finding of examine(given ?? store, write, context)) {
        const { level } = finding;
        if (level === 'look') context.exitCode ||= FOUND;
        if (level === 'bad') context.exitCode = FAILED;
        await context.out.line(json ? toJson(finding, context) : toText(finding, context));
        await context.out.flush();
      }
    });
}

async function* examine(
  text: string | undefined,
  write: boolean | undefined,
  context: Context,
): AsyncGenerator<Finding> {
  const warnings: string[] = [];
  context.onWarning = ({ message }) => warnings.push(message);
  let opened: Opened;
  try {
    opened = await context.choose(text, write === true);
  } catch (error) {
    yield bad('store', explain(error));
    return;
  }
  const isReady = yield* connect(opened.store);
  if (isReady) yield* examineStore(opened.store);
  yield* examineBackend(opened, isReady);
  if (isReady && write) yield* tryWriting(full(opened.store, 'doctor --write'));
  for (const warning of new Set(warnings)) yield look('warning', warning);
}

async function* connect(store: SessionStore): AsyncGenerator<Finding, boolean> {
  const start = performance.now();
  try {
    await store.init();
  } catch (error) {
    yield bad('connects', explain(error));
    return false;
  }
  yield ok('connects', `in ${Math.round(performance.now() - start)} ms`);
  return true;
}

async function* examineBackend(opened: Opened, isReady: boolean): AsyncGenerator<Finding> {
  const examine = opened.text === undefined ? undefined : DOCTORS[opened.name ?? ''];
  if (!examine) {
    const says = opened.text
      ? 'of this package nobody here knows how its stores are set up'
      : 'to see how it is set up, name the store by a text, such as redis://host';
    yield unknown('backend', says);
    return;
  }
  try {
    yield* examine(opened);
  } catch (error) {
    if (isReady) yield look('backend', `it could not be asked: ${explain(error)}`);
  }
}

function toText({ level, what, says }: Finding, context: Context): string {
  const text = printable(context.hide(says));
  return `${styled(COLOURS[level], level.padEnd(7))}  ${what.padEnd(11)}  ${text}`;
}

function toJson({ says, ...finding }: Finding, context: Context): string {
  return printableJson(JSON.stringify({ ...finding, says: context.hide(says) }));
}
