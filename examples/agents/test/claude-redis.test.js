import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { getSessionMessages } from '@anthropic-ai/claude-agent-sdk';
import { TranscriptStore } from '@sessions/claude-agent';
import { RedisSessionStore } from '@sessions/redis';
import { Model } from './model.js';
import { start } from './start.js';

const { REDIS_URL } = process.env;
const skip = !REDIS_URL && 'no REDIS_URL';

/** What the model is told, in short, without what Claude Code adds. */
const inShort = (said) =>
  said
    .flatMap(({ content }) => content)
    .map((block) => block.input?.what ?? block.content?.[0].text ?? block.text)
    .filter((text) => !/^(<system-reminder>|No response requested)/.test(text))
    .map((text) => text.trim());

test('a turn that is killed goes on where it was', { skip }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'agents-'));
  t.after(() => rm(folder, { recursive: true, maxRetries: 5 }));
  const model = await new Model().start(t);
  const env = {
    ...{ REDIS_URL, MODEL: 'claude-opus-4-5', HOME: folder, TMPDIR: folder },
    ...{ ANTHROPIC_API_KEY: 'none', ANTHROPIC_BASE_URL: model.url },
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', // it asks nobody but the model
  };
  const store = await new RedisSessionStore(REDIS_URL, { prefix: 'shopping:' }).init();
  t.after(() => store.close());
  const conversation = randomUUID();
  const sessionStore = new TranscriptStore(store);
  const stored = async () =>
    (
      await getSessionMessages(conversation, { sessionStore, dir: join(import.meta.dirname, '..') })
    ).map(({ uuid }) => uuid);
  const say = (...args) => start(t, 'claude-redis.js', [conversation, ...args], env);
  const first = [randomUUID(), 'We need milk and bread'];

  let agent = say(...first);
  (await model.next()).answer('add', { what: 'milk' });
  await model.next(); // with the milk on the list, it is asked what to do next
  while ((await stored()).length < 3); // the message, the call, and its result
  await agent.kill();

  agent = say(...first);
  let asked = await model.next();
  const soFar = [first[1], 'milk', 'On the list: milk', 'Go on'];
  assert.deepEqual(inShort(asked.said), soFar);
  asked.answer('add', { what: 'bread' });
  (await model.next()).answer('Noted');
  assert.equal(await agent.ends(), 'Noted');

  agent = say(randomUUID(), 'Is that all?');
  asked = await model.next();
  const since = ['bread', 'On the list: milk, bread', 'Noted', 'Is that all?'];
  assert.deepEqual(inShort(asked.said), [...soFar, ...since]);
  asked.answer('It is');
  assert.equal(await agent.ends(), 'It is');
  const uuids = await stored();
  assert.equal(new Set(uuids).size, uuids.length);
});
