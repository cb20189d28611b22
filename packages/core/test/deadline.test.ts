import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { BackendClock, Deadline, within } from '../src/deadline.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);

describe('the clock of a backend', () => {
  test('runs while a call waits, and stands still otherwise', () => {
    const clock = new BackendClock();
    pass(5);
    expect(clock.spent).toBe(0);
    clock.start();
    expect(clock.spent).toBe(0);
    pass(10);
    expect(clock.spent).toBe(10);
    clock.stop();
    pass(100);
    expect(clock.spent).toBe(10);
    clock.start();
    pass(1);
    expect(clock.spent).toBe(11);
    clock.stop();
    expect(clock.spent).toBe(11);
  });

  test('counts the time of calls that wait together once', () => {
    const clock = new BackendClock();
    clock.start();
    pass(10);
    clock.start();
    pass(10);
    clock.stop();
    pass(10);
    expect(clock.spent).toBe(30);
    clock.stop();
    pass(10);
    expect(clock.spent).toBe(30);
  });
});

describe('a deadline', () => {
  test('comes nearer only while something waits', () => {
    const deadline = new Deadline(100);
    pass(50);
    expect(deadline.left).toBe(100);
    const stop = deadline.wait();
    pass(30);
    expect(deadline.left).toBe(70);
    stop();
    pass(50);
    expect(deadline.left).toBe(70);
    const again = deadline.wait();
    pass(80);
    again();
    expect(deadline.left).toBe(-10);
  });

  test('counts from what its clock has run already', () => {
    const clock = new BackendClock();
    clock.start();
    pass(40);
    const deadline = new Deadline(100, clock);
    expect(deadline.left).toBe(100);
    pass(10);
    expect(deadline.left).toBe(90);
  });

  test('runs the clock of its queue as well, which others are measured by', () => {
    const queue = new BackendClock();
    const behind = new Deadline(100, queue);
    const ahead = new Deadline(100, undefined, queue);
    const stop = ahead.wait();
    pass(60);
    expect([ahead.left, behind.left]).toEqual([40, 40]);
    stop();
    pass(60);
    expect([ahead.left, behind.left]).toEqual([40, 40]);
    const other = behind.wait();
    pass(10);
    other();
    expect([ahead.left, behind.left]).toEqual([40, 30]);
  });
});

describe('within', () => {
  const late = () => new Error('late');

  test('settles as the promise does, and leaves no timer behind', async () => {
    expect(await within(Promise.resolve(5), 10, late)).toBe(5);
    await expect(within(Promise.reject(new Error('mine')), 10, late)).rejects.toThrow('mine');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('rejects after so many milliseconds, not before', async () => {
    let settled = false;
    const promise = within(new Promise(() => {}), 10, late).finally(() => {
      settled = true;
    });
    const rejected = expect(promise).rejects.toThrow('late');
    await jest.advanceTimersByTimeAsync(9);
    expect(settled).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(settled).toBe(true);
    await rejected;
  });
});
