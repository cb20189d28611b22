import { describe, expect, test } from '@jest/globals';
import { Conversations, checkOptions, DriverStore } from '../src/index.ts';
import { checkAmount, checkFunction } from '../src/options.ts';
import { MapDriver } from './map-driver.ts';

const STORE = ['expiresIn', 'timeout', 'maxSessionBytes', 'now', 'onWarning'];

describe('checkOptions', () => {
  const refusal = (name: string, known: readonly string[]) => {
    try {
      checkOptions('a store', { [name]: 1 }, known);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      return (error as Error).message;
    }
    return 'none';
  };

  test('takes what is known, and no options at all', () => {
    checkOptions('a store', {}, STORE);
    checkOptions('a store', Object.fromEntries(STORE.map((name) => [name, undefined])), STORE);
    checkOptions('a store', Object.create({ inherited: 1 }), STORE);
  });

  test.each([
    'ttl',
    'TTL',
    'ttlSeconds',
    'maxAge',
    'max_age',
    'maxage',
    'expires',
    'expiresin',
    'expiresIN',
    'expiresAt',
    'expire',
    'expirySeconds',
    'lifetime',
  ])('takes %s for a lifetime, and says its unit', (name) => {
    expect(refusal(name, STORE)).toBe(
      `a store has no option ${name}; did you mean expiresIn, in minutes?`,
    );
  });

  test.each([
    ['timeOut', 'timeout'],
    ['timeoutMs', 'timeout'],
    ['tiemout', 'timeout'],
    ['time', 'timeout'],
    ['maxSessionByte', 'maxSessionBytes'],
    ['maxBytes', 'maxSessionBytes'],
    ['MAXSESSIONBYTES', 'maxSessionBytes'],
    ['onwarning', 'onWarning'],
    ['onWarn', 'onWarning'],
    ['warning', 'onWarning'],
    ['no', 'now'],
    ['nwo', undefined],
    ['experiment', undefined],
    ['x', undefined],
    ['', undefined],
    ['collection', undefined],
    ['notttl', undefined],
  ])('takes %s for %s', (name, near) => {
    expect(refusal(name, STORE)).toBe(
      near
        ? `a store has no option ${name}; did you mean ${near}?`
        : `a store has no option ${name}; there are ${STORE.join(', ')}`,
    );
  });

  test('names the nearest of several', () => {
    expect(refusal('prefixes', ['suffix', 'prefix', 'prefixed'])).toMatch(/mean prefixed\?/);
    expect(refusal('sufix', ['prefix', 'suffix'])).toMatch(/mean suffix\?/);
    expect(refusal('ab', ['abcd', 'abc'])).toMatch(/mean abc\?/);
  });

  test('takes half of a name for it, and no less', () => {
    expect(refusal('pre', ['signals', 'prefix'])).toMatch(/mean prefix\?/);
    expect(refusal('pr', ['signals', 'prefix'])).toMatch(/there are signals, prefix/);
  });

  test('does not speak of expiresIn where there is none', () => {
    expect(refusal('ttl', ['prefix', 'signal'])).toBe(
      'a store has no option ttl; there are prefix, signal',
    );
    expect(refusal('lifetimes', ['lifetime'])).toMatch(/mean lifetime\?/);
  });

  test.each([null, 5, 'text', true, undefined])('refuses %p in place of options', (bad) => {
    expect(() => checkOptions('a store', bad as never, STORE)).toThrow(
      new TypeError('the options of a store are an object'),
    );
  });

  test('names the first of several unknown ones', () => {
    expect(() => checkOptions('it', { prefix: 1, foo: 1, bar: 1 }, ['prefix'])).toThrow(
      /no option foo/,
    );
  });
});

describe('an unknown option is refused by name', () => {
  const store = new DriverStore(new MapDriver());

  test.each<[string, () => unknown, RegExp]>([
    [
      'a store',
      () => new DriverStore(new MapDriver(), { ttl: 5 } as never),
      /^a store .*expiresIn/,
    ],
    ['write', () => store.write('a', {}, { ttl: 5 } as never), /^this call .*expiresIn/],
    ['write', () => store.write('a', {}, { ifmatch: 'x' } as never), /^this call .*ifMatch\?/],
    ['destroy', () => store.destroy('a', { expiresIn: 5 } as never), /^this call .*are ifMatch$/],
    ['update', () => store.update('a', () => ({}), { maxAge: 5 } as never), /expiresIn, in/],
    ['touch', () => store.touch('a', { expires: 5 } as never), /expiresIn, in minutes\?$/],
    ['entries', () => store.entries({ prefx: 'a' } as never), /^this call .*mean prefix\?/],
    ['versions', () => store.versions({ limit: 5 } as never), /are prefix, signal$/],
    ['ids', () => store.ids({ abort: 5 } as never), /are prefix, signal$/],
    ['clear', () => store.clear({ signals: 5 } as never), /mean signal\?$/],
    ['prune', () => store.prune({ prefix: 'a' } as never), /^this call .*are signal$/],
    [
      'a conversation',
      () => new Conversations(store, {}, { exclusiv: 5 } as never),
      /^a conversation has no option exclusiv; did you mean exclusive\?$/,
    ],
  ])('by %s', async (_, call, message) => {
    const attempt = (async () => call())();
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toThrow(TypeError);
  });

  test('options that are no object are refused too', async () => {
    const refused = new TypeError('the options of this call are an object');
    await expect(store.prune(5 as never)).rejects.toEqual(refused);
    await expect(store.clear('a:' as never)).rejects.toEqual(refused);
    expect(() => store.entries('a:' as never)).toThrow(refused);
    await expect(store.destroy('a', 'x' as never)).rejects.toEqual(refused);
  });

  test('but the driver’s own are known, and looked at by nobody here', () => {
    const driver = new MapDriver();
    const options = { dirname: 5, timeout: 100 } as never;
    expect(() => new DriverStore(driver, options, ['dirname'])).not.toThrow();
    expect(() => new DriverStore(driver, options)).toThrow(/no option dirname/);
    expect(() => new DriverStore(driver, { dirnam: 5 } as never, ['dirname'])).toThrow(
      /did you mean dirname\?/,
    );
  });
});

test('an option that is undefined is one left out', async () => {
  const left = { expiresIn: undefined, timeout: undefined, now: undefined, onWarning: undefined };
  const store = new DriverStore(new MapDriver(), { ...left, maxSessionBytes: undefined });
  await store.write('a', { n: 1 });
  expect(await store.read('a')).toEqual({ n: 1 });
});

test('the amounts and functions of options say what they must be', () => {
  expect(() => checkFunction('now', 5)).toThrow(new TypeError('now must be a function'));
  expect(() => checkFunction('now', () => 5)).not.toThrow();
  expect(() => checkAmount('timeout', '5', 'ms', 10)).toThrow(
    new TypeError('timeout must be a number of ms'),
  );
  for (const bad of [0, -1, 10.5, 11, Number.NaN, Infinity]) {
    expect(() => checkAmount('timeout', bad, 'ms', 10)).toThrow(
      new RangeError(`timeout must be more than 0 and at most 10 ms, not ${bad}`),
    );
  }
  for (const good of [0.1, 1, 10]) {
    expect(() => checkAmount('timeout', good, 'ms', 10)).not.toThrow();
  }
});
