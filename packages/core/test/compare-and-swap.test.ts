import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Backend } from '../src/backend.ts';
import { compareAndSwap, type Next } from '../src/compare-and-swap.ts';
import { Deadline } from '../src/deadline.ts';
import { HISTORY_LENGTH } from '../src/driver.ts';
import { type Driver, hashId, SessionError, type SessionRecord } from '../src/index.ts';

// Time passes only where a driver hangs or the loop pauses, and at once: both by fake timers.
let random: jest.SpiedFunction<() => number>;
beforeEach(() => {
  jest.useFakeTimers();
  random = jest.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

const version = (etag: string, history: string[] = []): SessionRecord => ({
  session: JSON.stringify({ etag }),
  expiresAt: null,
  etag,
  history,
});
const others = (count: number) => Array.from({ length: count }, (_, n) => `other ${n}`);

type Answer<T> = T | Error | 'hangs' | (() => T | Promise<T>);

/**
 * A driver by script: the answers to its calls, of which the last one is given ever after, and what
 * it was asked, with the time that was left for it.
 */
function setup(
  gets: Answer<SessionRecord | null>[],
  {
    puts = [true],
    deletes = [true],
  }: { puts?: Answer<boolean>[]; deletes?: Answer<boolean>[] } = {},
  timeout = 1000,
) {
  const asked: unknown[][] = [];
  const times: number[] = [];
  const start = performance.now();
  const answer = async <T>(answers: Answer<T>[], ...call: unknown[]): Promise<T> => {
    asked.push(call);
    times.push(performance.now() - start);
    const next = (answers.length > 1 ? answers.shift() : answers[0]) as Answer<T>;
    if (next === 'hangs') return new Promise<T>(() => {});
    if (next instanceof Error) throw next;
    return typeof next === 'function' ? (next as () => T | Promise<T>)() : next;
  };
  const driver: Driver = {
    capabilities: { compareAndSet: 'process', survives: 'nothing' },
    get: (_, ms) => answer(gets, 'get', ms),
    put: (_, record, expected, ms) => answer(puts, 'put', record.etag, expected, ms),
    delete: (_, expected, ms) => answer(deletes, 'delete', expected, ms),
    entries: () => [],
  };
  const backend = new Backend(driver, timeout, () => {});
  const deadline = () => new Deadline(timeout);
  /** Runs the loop on a change by script, and tells what it was given and how it went. */
  const run = async (...records: (SessionRecord | null | undefined)[]) => {
    const seen: (string | null)[] = [];
    const next: Next = (found) => {
      seen.push(found ? found.etag : null);
      const record = records.length > 1 ? records.shift() : records[0];
      return record === undefined ? found : record;
    };
    const settled = Promise.allSettled([compareAndSwap(backend, 'a', deadline(), next)]);
    await jest.advanceTimersByTimeAsync(100_000);
    const [result] = await settled;
    const names = asked.map(([name]) => name).join(' ');
    if (result.status === 'rejected') {
      return { seen, names, error: result.reason as SessionError, value: 'none' };
    }
    return {
      seen,
      names,
      error: undefined,
      value: result.value ? result.value.etag : result.value,
    };
  };
  return { asked, times, backend, deadline, driver, run };
}

const lost = () => new Error('the connection was lost');
const unknown = { code: 'UNAVAILABLE', outcome: 'unknown', cause: lost(), idHash: hashId('a') };
const conflict = {
  code: 'CONFLICT',
  outcome: 'not-applied',
  message: 'others kept changing the session',
  idHash: hashId('a'),
};

describe('what is sent', () => {
  test('is the record, over the version that was found', async () => {
    const { asked, run } = setup([version('old')]);
    expect(await run(version('new'))).toMatchObject({ value: 'new', seen: ['old'] });
    expect(asked).toEqual([
      ['get', 1000],
      ['put', 'new', 'old', 500],
    ]);
  });

  test('is a creation where nothing was found', async () => {
    const { asked, run } = setup([null]);
    expect(await run(version('new'))).toMatchObject({ value: 'new', seen: [null] });
    expect(asked[1]).toEqual(['put', 'new', null, 500]);
  });

  test('is a delete of the version that was found', async () => {
    const { asked, run } = setup([version('old')]);
    expect(await run(null)).toMatchObject({ value: null, seen: ['old'] });
    expect(asked[1]).toEqual(['delete', 'old', 500]);
  });

  test.each<[string, SessionRecord | null, null | undefined]>([
    ['nothing is to change', version('old'), undefined],
    ['nothing is to change, and there is nothing', null, undefined],
    ['there is nothing to delete', null, null],
  ])('is nothing when %s', async (_, found, record) => {
    const { run } = setup([found]);
    expect(await run(record)).toMatchObject({ value: found && 'old', names: 'get' });
  });
});

describe('an error', () => {
  test('of the first reading is passed on', async () => {
    const { run } = setup([lost()]);
    const { error, names } = await run(version('new'));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', cause: lost() });
    expect(names).toBe('get');
  });

  test('of a later reading too, when no answer was lost', async () => {
    const { run } = setup([null, lost()], { puts: [false] });
    const { error, names } = await run(version('new'));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    expect(names).toBe('get put get');
  });

  test.each<[string, SessionRecord | null]>([
    ['put', version('new')],
    ['delete', null],
  ])('of a %s that was surely not applied is passed on at once', async (name, record) => {
    const full = new SessionError('UNAVAILABLE', 'no space left', { outcome: 'not-applied' });
    const { run } = setup([version('old')], { puts: [full], deletes: [full] });
    const { error, names } = await run(record);
    expect(error).toBe(full);
    expect(names).toBe(`get ${name}`);
  });
});

describe('a conflict', () => {
  test('makes it all happen again, on the fresh session', async () => {
    const found = [null, version('theirs'), version('theirs too')];
    const { asked, run } = setup(found, { puts: [false, false, true] });
    const first = [version('1'), version('2'), version('3')];
    const { seen, value } = await run(...first);
    expect(seen).toEqual([null, 'theirs', 'theirs too']);
    expect(value).toBe('3');
    expect(asked.filter(([name]) => name === 'put').map((call) => call.slice(1, 3))).toEqual([
      ['1', null],
      ['2', 'theirs'],
      ['3', 'theirs too'],
    ]);
  });

  test('with one who destroyed the session makes it be created, in half of what is left', async () => {
    const { asked, run } = setup([version('old'), null], { puts: [false, true] });
    expect(await run(version('new'))).toMatchObject({ value: 'new', seen: ['old', null] });
    expect(asked.at(-1)).toEqual(['put', 'new', null, 500]);
  });

  test('may leave nothing to change, or nothing to destroy', async () => {
    const still = setup([version('old'), version('theirs')], { puts: [false] });
    const kept = await still.run(version('new'), undefined);
    expect(kept).toMatchObject({ value: 'theirs', names: 'get put get' });
    const gone = setup([version('old'), null], { puts: [false] });
    expect(await gone.run(version('new'), null)).toMatchObject({
      value: null,
      names: 'get put get',
    });
  });

  test('is told once the time is up, and pauses are all that took it', async () => {
    random.mockReturnValue(0.5);
    const { times, run } = setup([version('theirs')], { puts: [false] });
    const { error, names } = await run(version('mine'));
    expect(error).toMatchObject(conflict);
    expect(names).toMatch(/^(get put ?)+$/);
    // 5 doubled each time, times random; at most 250 times random; at last what is left.
    expect([...new Set(times)]).toEqual(
      [0, 2.5, 7.5, 17.5, 37.5, 77.5, 157.5, 282.5, 407.5, 532.5, 657.5, 782.5, 907.5].map(
        Math.floor,
      ),
    );
  });

  test('is told when reading again has taken the time that was left', async () => {
    const now = performance.now.bind(performance);
    const slow = async () => {
      await undefined;
      jest.spyOn(performance, 'now').mockImplementation(() => now() + 1000);
      return version('theirs');
    };
    const { run } = setup([version('old'), slow], { puts: [false] });
    const { error, seen } = await run(version('mine'));
    expect(error).toMatchObject(conflict);
    expect(seen).toEqual(['old']);
  });

  test('is none when the first reading has taken all of the time', async () => {
    const now = performance.now.bind(performance);
    const slow = async () => {
      await undefined;
      jest.spyOn(performance, 'now').mockImplementation(() => now() + 1000);
      return version('old');
    };
    const { run } = setup([slow]);
    const { error } = await run(version('mine'));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'not-applied' });
  });

  test('costs the time of pauses, and none of what a change takes', async () => {
    random.mockReturnValue(0.8);
    const { backend, deadline: newDeadline } = setup([version('old')], {
      puts: [false, false, true],
    });
    const deadline = newDeadline();
    const done = compareAndSwap(backend, 'a', deadline, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return version('new');
    });
    await jest.advanceTimersByTimeAsync(20_000);
    await done;
    expect(deadline.left).toBe(1000 - 4 - 8);
  });
});

describe('with a backend that answers at once', () => {
  const atOnce = (...puts: boolean[]) => {
    const driver: Driver = {
      capabilities: { compareAndSet: 'process', survives: 'nothing' },
      get: () => version('old'),
      put: () => puts.shift() as boolean,
      delete: () => true,
      entries: () => [],
    };
    return new Backend(driver, 1000, () => {});
  };
  const swap = (backend: Backend, next: Next) =>
    compareAndSwap(backend, 'a', new Deadline(1000), next);

  test('a change that does so too is stored at once', async () => {
    const backend = atOnce(true);
    await backend.ready();
    expect(swap(backend, () => version('new'))).toEqual(version('new'));
    expect(swap(backend, () => null)).toBeNull();
    expect(swap(backend, (found) => found)).toEqual(version('old'));
  });

  test('a change that was refused is made again', async () => {
    const backend = atOnce(false, true);
    await backend.ready();
    let runs = 0;
    expect(await swap(backend, () => version(`new ${++runs}`))).toEqual(version('new 2'));
  });
});

describe('what could not be sent in half of the time', () => {
  /** A put that is given up before it was sent, after a part of the time that it has. */
  const givenUp = async (code: 'UNAVAILABLE' | 'TIMEOUT' | 'TOO_LARGE', part: number) => {
    const notSent = async (): Promise<boolean> => {
      await new Promise((resolve) => setTimeout(resolve, (asked.at(-1)?.at(-1) as number) * part));
      throw new SessionError(code, 'not sent', { outcome: 'not-applied' });
    };
    const { asked, run } = setup([version('old')], { puts: [notSent, true] });
    const { error, value } = await run(version('new'));
    return { code: error?.code, value, patience: asked.slice(1).map((call) => call.at(-1)) };
  };

  test.each(['UNAVAILABLE', 'TIMEOUT'] as const)(
    'as %s, is sent in all of the rest',
    async (code) => {
      expect(await givenUp(code, 0.96)).toMatchObject({ value: 'new', patience: [500, 520] });
      expect(await givenUp(code, 0.9)).toMatchObject({ value: 'new', patience: [500, 550] });
    },
  );

  test('is not sent again when the time was not what it lacked', async () => {
    expect(await givenUp('UNAVAILABLE', 0.8)).toMatchObject({
      code: 'UNAVAILABLE',
      patience: [500],
    });
    expect(await givenUp('TOO_LARGE', 0.96)).toMatchObject({ code: 'TOO_LARGE', patience: [500] });
  });
});

describe('a lost answer', () => {
  test.each<[string, SessionRecord | null]>([
    ['put', version('new')],
    ['delete', null],
  ])('to a %s makes it be sent again, as it was', async (name, record) => {
    const answers = [lost(), lost(), true];
    const { asked, run } = setup([version('old')], { puts: answers, deletes: answers });
    expect(await run(record)).toMatchObject({ value: record && 'new', seen: ['old'] });
    const sent = asked.slice(1).map((call) => call.slice(0, -1));
    const command = record ? [name, 'new', 'old'] : [name, 'old'];
    expect(sent).toEqual([command, command, command]);
  });

  test('is asked for again after pauses that grow', async () => {
    random.mockReturnValue(0.8);
    const { run, times } = setup([version('old')], {
      puts: [lost(), lost(), lost(), lost(), true],
    });
    expect(await run(version('new'))).toMatchObject({ value: 'new' });
    expect(times).toEqual([0, 0, 4, 12, 28, 60]);
  });

  test('is waited for half of what is left, and at the end the rest', async () => {
    const { asked, run } = setup([version('old')], { puts: ['hangs'] }, 800);
    const { error } = await run(version('new'));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'unknown' });
    expect(asked.slice(1).map((call) => call.at(-1))).toEqual([400, 200, 100, 100]);
  });

  test('is the error once the time is up, whatever came after it', async () => {
    random.mockReturnValue(0.9);
    const sure = new SessionError('UNAVAILABLE', 'refused', { outcome: 'not-applied' });
    const { run, times } = setup([version('old')], { puts: [lost(), sure] });
    const { error, names } = await run(version('new'));
    expect(error).toMatchObject(unknown);
    expect(names).toMatch(/^get( put){8,}$/);
    expect(times.at(-1)).toBeLessThan(1000);
  });

  test('is the error at once when the store was closed', async () => {
    const { backend, run } = setup([version('old')], {
      puts: [
        () => {
          void backend.close();
          throw lost();
        },
      ],
    });
    const { error, names } = await run(version('new'));
    expect(error).toMatchObject(unknown);
    expect(names).toBe('get put');
  });

  test('is the error when the time is up before the session could be read again', async () => {
    random.mockReturnValue(0.9999);
    const { run } = setup([version('old')], { puts: [lost(), false] }, 4);
    const { error, names } = await run(version('new'));
    expect(error).toMatchObject(unknown);
    expect(names).toBe('get put');
    random.mockReturnValue(0);
    const second = setup(
      [version('old'), version('theirs', ['old'])],
      {
        puts: [
          lost(),
          () => {
            random.mockReturnValue(0.9999);
            return false;
          },
        ],
      },
      4,
    );
    const late = await second.run(version('new'));
    expect(late.error).toMatchObject(unknown);
    expect(late.names).toBe('get put put');
  });
});

describe('when the command is refused after a lost answer, the session tells what became of it:', () => {
  const full = (...etags: string[]) => [...etags, ...others(HISTORY_LENGTH - etags.length)];
  const short = (...etags: string[]) => [...etags, ...others(HISTORY_LENGTH - 1 - etags.length)];
  const mine = version('mine');

  test.each<[string, SessionRecord | null, SessionRecord | null, SessionRecord | null]>([
    ['a change that is there', version('old'), mine, version('mine', ['old'])],
    ['one that others followed', version('old'), mine, version('theirs', ['mine', 'old'])],
    ['one of many before', version('old'), mine, version('theirs', full('x', 'mine', 'old'))],
    ['the eldest that is remembered', version('old'), mine, version('t', [...others(7), 'mine'])],
    ['a creation that is there', null, mine, version('mine')],
    ['a creation that others followed', null, mine, version('theirs', full('mine'))],
    ['a delete after which nothing is there', version('old'), null, null],
    ['a delete after which another was created', version('old'), null, version('theirs')],
    ['a delete, and many followed', version('old'), null, version('theirs', short('x'))],
  ])('applied: %s', async (_, before, record, after) => {
    const { run } = setup([before, after], {
      puts: [lost(), false],
      deletes: [lost(), false],
    });
    const { value, seen, names } = await run(record);
    expect(value).toBe(record && 'mine');
    expect(seen).toHaveLength(1);
    expect(names).toMatch(record ? /^get put put get$/ : /^get delete delete get$/);
  });

  test.each<[string, SessionRecord | null, SessionRecord | null, SessionRecord | null]>([
    ['a change, and the version before is there', version('old'), mine, version('old')],
    ['a change, and another one came instead', version('old'), mine, version('t', ['old'])],
    ['a change, and many others came', version('old'), mine, version('t', full('x', 'old'))],
    ['a creation, and somebody else’s is there', null, mine, version('theirs')],
    ['a creation, and others followed that', null, mine, version('theirs', short('x'))],
    ['a delete, and the version is there', version('old'), null, version('old')],
    ['a delete, and it was changed instead', version('old'), null, version('t', full('old'))],
  ])('not applied: %s', async (_, before, record, after) => {
    const { run } = setup([before, after], {
      puts: [lost(), false, true],
      deletes: [lost(), false, true],
    });
    const { value, seen, names } = await run(record);
    expect(value).toBe(record && 'mine');
    expect(seen).toEqual([before?.etag ?? null, after?.etag ?? null]);
    expect(names).toMatch(record ? /^get put put get put$/ : /^get delete delete get delete$/);
  });

  test.each<[string, SessionRecord | null, SessionRecord | null, SessionRecord | null]>([
    ['a change, and nothing is there', version('old'), mine, null],
    ['a change, and another life began', version('old'), mine, version('theirs')],
    ['a change, and the etags are forgotten', version('old'), mine, version('t', full('x'))],
    ['a creation, and nothing is there', null, mine, null],
    ['a creation, and the etags are forgotten', null, mine, version('t', full('x'))],
    ['a delete, and the etags are forgotten', version('old'), null, version('t', full('x'))],
  ])('unknown: %s', async (_, before, record, after) => {
    const { run } = setup([before, after], {
      puts: [lost(), false],
      deletes: [lost(), false],
    });
    const { error, seen } = await run(record);
    expect(error).toMatchObject(unknown);
    expect(seen).toHaveLength(1);
  });
});

describe('after a lost answer', () => {
  test('a reading that fails is done again, with pauses', async () => {
    random.mockReturnValue(0.8);
    const gets = [version('old'), lost(), lost(), version('theirs', ['mine'])];
    const { run, times } = setup(gets, { puts: [lost(), false] });
    expect(await run(version('mine'))).toMatchObject({ value: 'mine', seen: ['old'] });
    // Pauses of 4 (before it is sent again), 4, 8 and 16.
    expect(times).toEqual([0, 0, 4, 8, 16, 32]);
  });

  test('a reading that goes on failing ends in what was lost, in time', async () => {
    random.mockReturnValue(0.8);
    const down = new Error('another error');
    const { run, times } = setup([version('old'), down], { puts: [lost(), false] });
    const { error } = await run(version('mine'));
    expect(error).toMatchObject(unknown);
    expect(times.length).toBeGreaterThan(8);
    expect(times.at(-1)).toBeLessThan(1000);
  });

  test('a reading that fails as the store was closed ends in what was lost', async () => {
    const { backend, run } = setup(
      [
        version('old'),
        () => {
          void backend.close();
          throw lost();
        },
      ],
      { puts: [lost(), false] },
    );
    const { error, names } = await run(version('mine'));
    expect(error).toMatchObject(unknown);
    expect(names).toBe('get put put get');
  });

  test('that turned out as not applied, the session may change as it likes', async () => {
    const forgotten = version('theirs 2', others(HISTORY_LENGTH));
    const gets = [version('old'), version('theirs', ['old']), forgotten];
    const { run } = setup(gets, { puts: [lost(), false, false, true] });
    const records = [version('1'), version('2'), version('3')];
    expect(await run(...records)).toMatchObject({
      value: '3',
      seen: ['old', 'theirs', 'theirs 2'],
    });
  });

  test('that turned out as not applied, the command may still arrive, and is the one that counts', async () => {
    const gets = [
      version('old'),
      version('theirs', ['old']),
      version('theirs 2', ['1', 'theirs', 'old']),
    ];
    const { run } = setup(gets, { puts: [lost(), false, false] });
    const records = [version('1'), version('2'), version('3')];
    expect(await run(...records)).toMatchObject({ value: '1', seen: ['old', 'theirs'] });
  });

  test('a second one is looked for as well', async () => {
    const gets = [version('old'), version('theirs', ['old']), version('2', ['theirs', 'old'])];
    const { run } = setup(gets, { puts: [lost(), false, lost(), false] });
    expect(await run(version('1'), version('2'))).toMatchObject({ value: '2' });
    const other = setup([version('old'), version('theirs', ['old']), null], {
      puts: [lost(), false, lost(), false],
    });
    expect((await other.run(version('1'), version('2'))).error).toMatchObject(unknown);
  });

  test('conflicts until the time is up end in what was lost', async () => {
    random.mockReturnValue(0.8);
    const gets = [version('old'), version('theirs', ['old'])];
    const { run } = setup(gets, { puts: [lost(), false] });
    expect((await run(version('1'), version('2'))).error).toMatchObject(unknown);
  });
});
