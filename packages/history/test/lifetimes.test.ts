import { expect, test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History } from '../src/index.ts';

const ID = 'a';
const HOUR = 3_600_000;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));

function make() {
  let now = 1_000_000_000;
  const driver = new MapDriver();
  const clock = { now: () => now };
  const store = new DriverStore(driver, clock);
  const open = (hours: number) => new History(store, { ...clock, expiresIn: hours * 60 });
  const pass = (hours: number) => {
    now += hours * HOUR;
  };
  const left = async () => {
    await store.prune();
    return driver.records.size;
  };
  return { driver, open, pass, left };
}

test('a history that goes on keeps all of its parts, and is gone a lifetime after that', async () => {
  const { open, pass, left } = make();
  const history = open(1);
  const all = numbers(3000);
  await history.append(ID, all); // chunks that name 32 each, several times over
  for (let n = 0; n < 40; n++) {
    pass([0.1, 0.4, 0.9, 0.99][n % 4] as number);
    await left();
    if (n % 3 === 0) expect(await history.touch(ID)).toBe(true);
    else all.push({ n }) && (await history.append(ID, [{ n }]));
  }
  expect(await history.items(ID)).toEqual(all);
  pass(0.999);
  expect(await history.items(ID)).toEqual(all);
  pass(0.002);
  expect(await history.items(ID)).toEqual([]);
  expect((await history.verify()).damaged).toEqual([]);
  pass(1);
  expect(await left()).toBe(0);
});

test('chunks are renewed at most once in half a lifetime', async () => {
  const { driver, open, pass } = make();
  const history = open(1);
  await history.append(ID, numbers(640));
  const puts: string[] = [];
  const put = driver.put.bind(driver);
  driver.put = (id, record, expected) => {
    puts.push(id);
    return put(id, record, expected);
  };
  for (let n = 0; n < 100; n++) {
    pass(0.01);
    await history.touch(ID);
  }
  const chunks = 9;
  expect(puts.length).toBe(100 + chunks); // once, after more than half of it
});

test('a history goes on when a chunk that is to be renewed cannot be read, or is gone', async () => {
  for (const isGone of [false, true]) {
    const { driver, open, pass, left } = make();
    const history = open(1);
    const all = numbers(300);
    await history.append(ID, all);
    const [id = ''] = [...driver.records.keys()].filter((each) => each.includes('.part:'));
    const damaged = { ...JSON.parse(driver.records.get(id) ?? ''), session: '{"half' };
    if (isGone) driver.records.delete(id);
    else driver.records.set(id, JSON.stringify(damaged));
    pass(0.9);
    expect(await history.append(ID, ['more'])).toBe(1);
    pass(0.9);
    expect(await history.pop(ID)).toBe('more');
    await left();
    pass(0.9);
    expect(await history.items(ID, { limit: 200 })).toEqual(all.slice(-200));
    expect((await history.verify()).damaged).toEqual([{ id: ID, missing: [[0, 64]] }]);
  }
});

test('with a longer lifetime, and a shorter one, all parts still live as long as the head', async () => {
  const { open, pass, left } = make();
  await open(1).append(ID, numbers(300));
  await open(100).append(ID, ['long']);
  pass(50);
  await left();
  await open(Infinity).append(ID, ['for ever']);
  pass(1e6);
  await left();
  await open(1).append(ID, ['short']);
  pass(0.9);
  await left();
  expect(await open(1).items(ID)).toEqual([...numbers(300), 'long', 'for ever', 'short']);
  pass(0.2);
  expect(await open(1).items(ID)).toEqual([]);
});

test('an operation is known for two lifetimes after it got its marker', async () => {
  const { open, pass, left } = make();
  const history = open(1);
  const append = (n: number) => history.append(ID, [n], { operationId: `${n}` });
  for (let n = 0; n < 200; n++) await append(n);
  for (let n = 0; n < 3; n++) {
    pass(0.6);
    await history.touch(ID);
    await left();
    expect(await append(0)).toBe(0);
  }
  expect(await history.items(ID)).toEqual([...Array(200).keys()]);
});
