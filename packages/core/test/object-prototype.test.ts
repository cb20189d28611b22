import { beforeAll, expect, test } from '@jest/globals';
import { Conversations, DriverStore, type Session } from '../src/index.ts';
import { copyValue } from '../src/json.ts';
import { MapDriver } from './map-driver.ts';

// Jest runs each file in a realm of its own, so what is done to `Object.prototype` ends with it.
const set: unknown[] = [];

beforeAll(() => {
  Object.defineProperty(Object.prototype, 'swallowed', {
    get: () => 'inherited',
    set: (value) => set.push(value),
    configurable: true,
  });
  Object.defineProperty(Object.prototype, 'frozen', { value: 'inherited', configurable: true });
});

const names = [
  'constructor',
  'toString',
  'hasOwnProperty',
  '__proto__',
  'valueOf',
  'swallowed',
  'frozen',
];
const text = `{${names.map((name) => `"${name}":{"${name}":["x",{"n":1}]}`).join(',')}}`;

test('members survive whose names Object.prototype has, read-only or with a setter', async () => {
  const session: Session = JSON.parse(text);
  expect(JSON.stringify(copyValue([session]))).toBe(`[${text}]`);
  const store = new DriverStore(new MapDriver());
  await store.write('a', session);
  expect(JSON.stringify(await store.read('a'))).toBe(text);
  expect(set).toEqual([]);
});

test('as members of a state too', async () => {
  const store = new DriverStore(new MapDriver());
  const change = JSON.parse(text);
  await new Conversations(store).run('a', (conversation) => {
    conversation.setState(change);
    expect(JSON.stringify(conversation.state)).toBe(text);
  });
  expect(JSON.stringify((await store.read('a'))?._state)).toBe(text);
  expect(set).toEqual([]);
});
