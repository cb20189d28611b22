import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { start } from './start.js';

const folder = await mkdtemp(join(tmpdir(), 'bots-'));
after(() => rm(folder, { recursive: true }));
const { REDIS_URL, MONGO_URL } = process.env;

for (const [name, STORE] of Object.entries({ FOLDER: folder, REDIS_URL, MONGO_URL })) {
  const skip = !STORE && `no ${name}`;
  test(`a visitor is known again after a restart: ${name}`, { skip }, async (t) => {
    let site = await start(t, 'express-any.js', { STORE, SECRET: 'secret' });
    let cookie = '';
    const ask = async (path, how) => {
      const response = await fetch(site.url + path, { ...how, headers: { cookie } });
      cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
      return /<p>(.*?)<\/p>/.exec(await response.text())[1];
    };
    const body = new URLSearchParams({ text: '<Tim>' });
    assert.equal(await ask('/'), 'Hi, what is your name?');
    assert.equal(await ask('/', { method: 'POST', body }), 'Hello &#60;Tim>');
    await site.stop();

    site = await start(t, 'express-any.js', { STORE, SECRET: 'secret' });
    assert.equal(await ask('/'), 'Welcome back, &#60;Tim>');
    assert.equal(await ask('/forget'), 'Who are you?');
    assert.equal(await ask('/'), 'Hi, what is your name?');
    await site.stop();
  });
}
