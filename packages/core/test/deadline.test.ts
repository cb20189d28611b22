import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Deadline, WaitingTime } from '../src/deadline.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const pass = (milliseconds: number) => jest.advanceTimersByTime(milliseconds);

describe('the clock of a backend', () => {
  test('runs while a call waits, and stands still otherwise', () => {
    const clock = new WaitingTime();
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
    const clock = new WaitingTime();
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
    deadline.start();
    pass(30);
    expect(deadline.left).toBe(70);
    deadline.stop();
    pass(50);
    expect(deadline.left).toBe(70);
    deadline.start();
    pass(80);
    deadline.stop();
    expect(deadline.left).toBe(-10);
  });

  test('runs the time of its queue as well, which others are measured by', () => {
    const queue = new WaitingTime();
    const ahead = new Deadline(100, queue);
    ahead.start();
    pass(60);
    expect([ahead.left, queue.spent]).toEqual([40, 60]);
    ahead.stop();
    pass(60);
    expect([ahead.left, queue.spent]).toEqual([40, 60]);
    const other = new Deadline(100, queue);
    other.start();
    pass(10);
    other.stop();
    expect([ahead.left, other.left, queue.spent]).toEqual([40, 90, 70]);
  });
});
