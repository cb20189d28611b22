import { expect, test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History } from '../src/index.ts';

const ID = 'a';
const LENGTHS = [10_000, 100_000];
const FIRST = 1_000_000; // so that all numbers are of one size

/** Counts calls, those that go on at once as one round, and the characters of what is put. */
class CountingDriver extends MapDriver {
  calls = 0;
  rounds = 0;
  characters = 0;
  #open = 0;

  async #count<T>(call: () => Promise<T>): Promise<T> {
    this.calls++;
    if (this.#open++ === 0) this.rounds++;
    await new Promise((resolve) => setImmediate(resolve));
    this.#open--;
    return call();
  }

  override get(id: string) {
    return this.#count(() => super.get(id));
  }

  override put(...args: Parameters<MapDriver['put']>) {
    this.characters += args[1].session.length;
    return this.#count(() => super.put(...args));
  }

  async during(call: () => Promise<unknown>) {
    const { calls, rounds, characters } = this;
    await call();
    return {
      calls: this.calls - calls,
      rounds: this.rounds - rounds,
      characters: this.characters - characters,
    };
  }
}

test('appends cost the same at any length, and the last 20 of 100,000 come in two rounds', async () => {
  const records = new Map<string, string>();
  const filler = new History(new DriverStore(new MapDriver(records)));
  const driver = new CountingDriver(records);
  const history = new History<{ n: number }>(new DriverStore(driver));
  const costs = [];
  let n = 0;
  for (const length of LENGTHS) {
    while (n < length) {
      const items = Array.from({ length: 500 }, () => ({ n: FIRST + n++ }));
      await filler.append(ID, items, { operationId: `${n}` });
    }
    const appends = async () => {
      for (let i = 0; i < 640; i++)
        await history.append(ID, [{ n: FIRST + n++ }], { operationId: `${n}` });
    };
    costs.push(await driver.during(appends));

    const last = await driver.during(async () => {
      const items = await history.items(ID, { limit: 20 });
      expect(items.map((item) => item.n)).toEqual(
        Array.from({ length: 20 }, (_, i) => FIRST + n - 20 + i),
      );
    });
    expect(last.rounds).toBeLessThanOrEqual(2);
    expect(last.calls).toBeLessThanOrEqual(3);
  }
  const [first] = costs as [Awaited<ReturnType<CountingDriver['during']>>];
  for (const { calls, rounds, characters } of costs) {
    expect(Math.abs(calls / first.calls - 1)).toBeLessThan(0.05);
    expect(Math.abs(rounds / first.rounds - 1)).toBeLessThan(0.05);
    expect(characters / first.characters).toBeLessThan(1.05);
  }
  expect(first.calls / 640).toBeLessThan(6);
  expect(first.rounds / 640).toBeLessThan(3.5);
}, 60_000);

test('an append with an operationId to a short history takes two rounds', async () => {
  const driver = new CountingDriver();
  const history = new History(new DriverStore(driver));
  for (let n = 0; n < 20; n++) {
    const append = () => history.append(ID, [{ n }], { operationId: `${n}` });
    expect(await driver.during(append)).toMatchObject({ calls: 2, rounds: 2 });
  }
});
