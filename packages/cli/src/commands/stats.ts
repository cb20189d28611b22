import type { Command } from 'commander';
import { type Context, full } from '../context.ts';
import { Histogram, SIZES, TIMES } from '../histogram.ts';
import { type Listed, listed } from '../listed.ts';
import { printableId, printableJson } from '../printable.ts';
import { styled } from '../style.ts';
import { count, counted, size } from '../units.ts';

const MOST_KINDS = 1000; // in memory
const SHOWN_KINDS = 10;
const OTHERS = 'others';

export function stats(program: Command, context: Context): void {
  program
    .command('stats [prefix]')
    .summary('counts, sizes and ages')
    .description('Reads all sessions, or those whose ids begin so, and counts them.')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Examples:
  sessions stats
  sessions stats telegram: --json
`,
    )
    .action(async (prefix: string | undefined, _, command: Command) => {
      const { store: text, json } = command.optsWithGlobals();
      const { store, expiresIn } = await context.open(text);
      const versions = full(store, 'stats').versions(context.listing(prefix));
      const counts = new Counts();
      for await (const each of listed(versions, expiresIn)) {
        counts.add(each);
        context.progress.show('read', counts.sessions);
      }
      context.progress.clear();
      const lines = json ? [printableJson(JSON.stringify(counts))] : linesOf(counts);
      for (const line of lines) await context.out.line(line);
    });
}

/** What there is, in members that are JSON too. */
class Counts {
  readonly #now = Date.now();
  sessions = 0;
  bytes = 0;
  largest = { bytes: 0, id: '' };
  /** How many ids begin so, up to the first colon. */
  readonly kinds: Map<string, number> & { toJSON?: () => object } = new Map();
  readonly sizes: Histogram = new Histogram(SIZES);
  readonly lastActivity: Histogram = new Histogram(TIMES);
  lastActivityUnknown = 0;
  readonly expiresIn: Histogram = new Histogram(TIMES);
  neverExpire = 0;

  add({ id, bytes, lastActivity, expiresAt }: Listed): void {
    this.sessions++;
    this.bytes += bytes;
    if (bytes > this.largest.bytes) this.largest = { bytes, id };
    const kind = id.slice(0, id.indexOf(':') + 1);
    const name = this.kinds.has(kind) || this.kinds.size < MOST_KINDS ? kind : OTHERS;
    this.kinds.set(name, (this.kinds.get(name) ?? 0) + 1);
    this.sizes.add(bytes);
    if (lastActivity === null) this.lastActivityUnknown++;
    else this.lastActivity.add(this.#now - lastActivity);
    if (typeof expiresAt === 'number') this.expiresIn.add(expiresAt - this.#now);
    else this.neverExpire++;
  }

  toJSON(): object {
    return { ...this, kinds: Object.fromEntries(this.kinds) };
  }
}

function linesOf(counts: Counts): string[] {
  const { sessions, bytes, largest, lastActivityUnknown, neverExpire } = counts;
  const title = (text: string) => styled('bold', text);
  if (sessions === 0) return ['no sessions'];
  const lines = [
    `${counted(sessions, 'session')}, ${size(bytes)} as JSON, ${size(bytes / sessions)} each`,
    `the largest: ${size(largest.bytes)}, ${printableId(largest.id)}`,
    title('ids begin with'),
  ];
  const kinds = [...counts.kinds].sort(([, a], [, b]) => b - a);
  for (const [kind, value] of kinds.slice(0, SHOWN_KINDS)) {
    lines.push(`  ${count(value).padStart(9)}  ${kind === '' ? 'no colon' : printableId(kind)}`);
  }
  const rest = kinds.slice(SHOWN_KINDS).reduce((sum, [, value]) => sum + value, 0);
  if (rest > 0) lines.push(`  ${count(rest).padStart(9)}  others`);
  lines.push(title('size'), ...counts.sizes.lines(), title('last activity, so long ago'));
  if (lastActivityUnknown > 0) lines.push(`    unknown  ${count(lastActivityUnknown).padStart(9)}`);
  lines.push(...counts.lastActivity.lines(), title('expires in'));
  if (neverExpire > 0) lines.push(`      never  ${count(neverExpire).padStart(9)}`);
  lines.push(...counts.expiresIn.lines());
  return lines;
}
