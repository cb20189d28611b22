import { test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import fc from 'fast-check';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History } from '../src/index.ts';

/** What a history is: a list, and the operations that were applied. */
interface Model {
  items: Item[];
  operations: Set<string>;
}
interface Item {
  readonly n: number;
  readonly text: string;
}
/** Two processes, so to speak, of which each call takes one. */
type Real = readonly [History<Item>, History<Item>];
type Command = fc.AsyncCommand<Model, Real>;

const ID = 'a';
const same = (a: unknown, b: unknown) => {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (left !== right) throw new Error(`${left} is not ${right}`);
};
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

const who = fc.constantFrom(0, 1);
// Some larger than a chunk may be: so that few items make many chunks.
const item: fc.Arbitrary<Item> = fc.record({
  n: fc.nat(),
  text: fc.constantFrom(0, 0, 1000, 5000, 10_000).map((length) => 'x'.repeat(length)),
});
const items = fc.oneof(
  fc.array(item, { maxLength: 5 }),
  item.chain(({ n, text }) =>
    fc
      .nat(150)
      .map((count) =>
        Array.from({ length: count }, (_, i) => ({ n: n + i, text: text.slice(0, 200) })),
      ),
  ),
);
const operation = fc.option(fc.nat(20).map(String), { nil: undefined });
const isRepeat = ({ operations }: Model, name: string | undefined) => {
  if (name === undefined) return false;
  const isKnown = operations.has(name);
  operations.add(name);
  return isKnown;
};

const append = fc.tuple(who, items, operation).map(([by, added, name]) =>
  command(`${by} appends ${added.length} as ${name}`, async (model, real) => {
    const count = await real[by].append(ID, added, { operationId: name });
    const isNone = added.length === 0 || isRepeat(model, name);
    same(count, isNone ? 0 : added.length);
    if (!isNone) model.items.push(...added);
  }),
);

const appendEach = fc.tuple(who, fc.nat(300), fc.nat(50)).map(([by, from, count]) =>
  command(`${by} appends each from ${from}, ${count}`, async (model, real) => {
    const added = Array.from({ length: count }, (_, i) => ({ n: from + i, text: 'each' }));
    const fresh = added.filter(({ n }) => n % 5 === 0 || !isRepeat(model, `each ${n}`));
    const operationId = ({ n }: Item) => (n % 5 === 0 ? undefined : `each ${n}`);
    same(await real[by].append(ID, added, { operationId }), fresh.length);
    model.items.push(...fresh);
  }),
);

const pop = fc.tuple(who, fc.integer({ min: 1, max: 12 })).map(([by, times]) =>
  command(`${by} pops ${times}`, async (model, real) => {
    for (let n = 0; n < times; n++) same(await real[by].pop(ID), model.items.pop());
  }),
);

const replace = fc
  .tuple(who, fc.nat(200), items, operation, fc.boolean())
  .map(([by, drop, added, name, isWrong]) =>
    command(`${by} replaces ${drop} by ${added.length} as ${name}`, async (model, real) => {
      const kept = model.items.slice(0, Math.max(model.items.length - drop, 0));
      const expected: Item[] = model.items.slice(kept.length);
      const isKnown = name !== undefined && model.operations.has(name);
      if (isWrong) expected.unshift({ n: -1, text: 'nobody wrote this' });
      const replaced = real[by].replaceSuffix(ID, expected, added, { operationId: name });
      const result = await replaced.catch((error) => error.code);
      if (isKnown) return same(result, false);
      if (isWrong) return same(result, 'CONFLICT');
      same(result, true);
      isRepeat(model, name);
      model.items = [...kept, ...added];
    }),
  );

const clear = who.map((by) =>
  command(`${by} clears`, async (model, real) => {
    await real[by].clear(ID);
    model.items = [];
    model.operations.clear();
  }),
);

const read = fc.tuple(who, fc.nat(100), fc.nat(500)).map(([by, limit, before]) =>
  command(`${by} reads ${limit} before ${before}`, async ({ items }, real) => {
    same(await real[by].length(ID), items.length);
    const to = Math.min(before, items.length);
    same(await real[by].items(ID, { limit, before }), items.slice(Math.max(to - limit, 0), to));
    same(await real[by].items(ID), items);
  }),
);

const verify = who.map((by) =>
  command(`${by} verifies`, async (_, real) => {
    same((await real[by].verify()).damaged, []);
  }),
);

test('a history is a list that remembers its operations', async () => {
  const often = [append, append, append, appendEach, pop, replace, read, verify, clear];
  await fc.assert(
    fc.asyncProperty(fc.commands(often, { maxCommands: 40, size: 'max' }), async (commands) => {
      const records = new Map<string, string>();
      const open = () => new History<Item>(new DriverStore(new MapDriver(records)));
      const start = () => ({
        model: { items: [], operations: new Set<string>() },
        real: [open(), open()] as const,
      });
      await fc.asyncModelRun(start, commands);
    }),
    { numRuns: 60 },
  );
});
