import { expect, test } from '@jest/globals';
import { DriverStore } from '@sessions/core';
import { MapDriver } from '../../core/test/map-driver.ts';
import { History } from '../src/index.ts';

const ID = 'telegram:42';
const HEAD = `history:${ID}`;
const text = 'x'.repeat(5000); // two fill a chunk

/**
 * The first command that one process sends gets lost, and another process makes the history. Before the first
 * one writes the head anew, or a chunk, that history is cleared. Only then does the lost command arrive.
 */
function make(next: 'head' | 'chunk') {
  const records = new Map<string, string>();
  const other = new History(new DriverStore(new MapDriver(records)));
  const driver = new MapDriver(records);
  const put = driver.put.bind(driver);
  const lost = new Error('lost');
  let late: (() => Promise<boolean>) | undefined;
  let hasArrived = false;
  driver.put = async (id, record, expected) => {
    if (!late) {
      late = () => put(id, record, expected);
      await other.append(ID, [text]);
      throw lost;
    }
    const isAskedAgain = id === HEAD && expected === null;
    if (!isAskedAgain && (id === HEAD) === (next === 'head') && !hasArrived) {
      hasArrived = true;
      await other.clear(ID);
      expect(await late()).toBe(true);
    }
    if (hasArrived && id !== HEAD) throw lost;
    return put(id, record, expected);
  };
  return { other, history: new History(new DriverStore(driver, { timeout: 300 })) };
}

test('a command that arrives late is what the call has done', async () => {
  const { history, other } = make('head');
  expect(await history.append(ID, [text])).toBe(1);
  expect(await other.items(ID)).toEqual([text]);
  expect(await other.verify()).toEqual({ histories: 1, removed: 0, damaged: [] });
});

test('a command that may arrive late leaves a doubt, though a part could not be written', async () => {
  const { history, other } = make('chunk');
  const unknown = { code: 'UNAVAILABLE', outcome: 'unknown' };
  await expect(history.append(ID, [text])).rejects.toMatchObject(unknown);
  expect(await other.items(ID)).toEqual([text]);
});
