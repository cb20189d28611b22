import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Model } from './model.js';
import { start } from './start.js';

/** What the model is told, in short. */
const inShort = (said) =>
  said.map((item) => item.output ?? item.arguments ?? item.content[0].text ?? item.content);

test('a turn that is killed leaves nothing, and is run again', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'agents-'));
  t.after(() => rm(folder, { recursive: true }));
  const model = await new Model().start(t);
  const env = { FOLDER: folder, OPENAI_API_KEY: 'none', OPENAI_BASE_URL: `${model.url}/v1` };
  const say = (...args) => start(t, 'openai-files.js', args, env);
  const first = 'We need milk and bread';

  let agent = say('1', first);
  (await model.next()).answer('add', { what: 'milk' });
  await model.next(); // with the milk on the list, it is asked what to do next
  await agent.kill();

  agent = say('1', first);
  let asked = await model.next();
  assert.deepEqual(inShort(asked.said), [first]);
  asked.answer('add', { what: 'milk' });
  (await model.next()).answer('add', { what: 'bread' });
  (await model.next()).answer('Noted');
  assert.equal(await agent.ends(), 'Noted');

  // The messenger has not heard that it was handled.
  agent = say('1', first);
  (await model.next()).answer('Noted again');
  assert.equal(await agent.ends(), 'Noted again');

  agent = say('2', 'Is that all?');
  asked = await model.next();
  assert.deepEqual(inShort(asked.said), [
    first,
    '{"what":"milk"}',
    'On the list: milk',
    '{"what":"bread"}',
    'On the list: milk, bread',
    'Noted',
    'Is that all?',
  ]);
  asked.answer('It is');
  assert.equal(await agent.ends(), 'It is');
});
