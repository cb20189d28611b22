import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  deleteSession,
  forkSession,
  getSessionMessages,
  getSubagentMessages,
  importSessionToStore,
  listSessions,
  listSubagents,
  renameSession,
  type SessionStoreEntry,
} from '@anthropic-ai/claude-agent-sdk';
import { afterAll, expect, test } from '@jest/globals';
import { newFolder } from '../../../tooling/temporary-folder.ts';
import { TranscriptStore } from '../src/index.ts';
import { describeStores } from './support.ts';

// Where Claude Code keeps its transcripts, and the project that they are of.
const config = newFolder();
const dir = join(config, 'project');
const projectKey = dir.replace(/[^a-zA-Z0-9]/g, '-');
await mkdir(dir, { recursive: true });
const before = process.env.CLAUDE_CONFIG_DIR;
process.env.CLAUDE_CONFIG_DIR = config;
afterAll(() => {
  if (before === undefined) delete process.env.CLAUDE_CONFIG_DIR;
  else process.env.CLAUDE_CONFIG_DIR = before;
});

/** What Claude Code writes of a conversation of so many messages. */
function transcript(sessionId: string, count: number, more = {}): SessionStoreEntry[] {
  const uuids = Array.from({ length: count }, () => randomUUID());
  const lines = uuids.map((uuid, n) => ({
    ...{ uuid, parentUuid: uuids[n - 1] ?? null, sessionId, cwd: dir, version: '2.1.0' },
    ...{ timestamp: new Date(1_800_000_000_000 + n).toISOString(), isSidechain: false },
    type: n % 2 === 0 ? 'user' : 'assistant',
    message:
      n % 2 === 0
        ? { role: 'user', content: `question ${n}` }
        : { role: 'assistant', content: [{ type: 'text', text: `answer ${n}` }] },
    ...more,
  }));
  return [{ type: 'mode', mode: 'normal', sessionId }, ...lines];
}

async function written(file: string, entries: SessionStoreEntry[]): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

describeStores((open) => {
  test('importSessionToStore: all of it and its subagents, and a second time only what has no uuid', async () => {
    const sessionStore = new TranscriptStore(open());
    const sessionId = randomUUID();
    const entries = transcript(sessionId, 1200);
    const ofAgent = transcript(sessionId, 4, { isSidechain: true, agentId: 'a1' }).slice(1);
    const folder = join(config, 'projects', projectKey);
    await written(join(folder, `${sessionId}.jsonl`), entries);
    await written(join(folder, sessionId, 'subagents', 'agent-a1.jsonl'), ofAgent);
    await importSessionToStore(sessionId, sessionStore, { dir });
    const key = { projectKey, sessionId };
    expect(await sessionStore.load(key)).toEqual(entries);
    expect(await sessionStore.listSubkeys(key)).toEqual(['subagents/agent-a1']);
    await importSessionToStore(sessionId, sessionStore, { dir, batchSize: 100 });
    expect(await sessionStore.load(key)).toEqual([...entries, entries[0]]);
    expect(await sessionStore.load({ ...key, subpath: 'subagents/agent-a1' })).toEqual(ofAgent);
    expect(await listSubagents(sessionId, { dir, sessionStore })).toEqual(['a1']);
    expect(await getSubagentMessages(sessionId, 'a1', { dir, sessionStore })).toHaveLength(4);
  });

  test('what else the SDK does with a store: messages, titles, forks, lists, deletion', async () => {
    const sessionStore = new TranscriptStore(open());
    const sessionId = randomUUID();
    const entries = transcript(sessionId, 4);
    await sessionStore.append({ projectKey, sessionId }, entries);
    const options = { dir, sessionStore };
    const messages = await getSessionMessages(sessionId, options);
    expect(messages.map(({ uuid }) => uuid)).toEqual(entries.slice(1).map(({ uuid }) => uuid));
    await renameSession(sessionId, 'Lunch', options);
    const fork = await forkSession(sessionId, options);
    expect(await getSessionMessages(fork.sessionId, options)).toHaveLength(4);
    const sessions = await listSessions(options);
    expect(sessions.map((each) => each.sessionId).sort()).toEqual(
      [sessionId, fork.sessionId].sort(),
    );
    const titles = Object.fromEntries(sessions.map((each) => [each.sessionId, each.summary]));
    expect(titles[sessionId]).toBe('Lunch');
    await deleteSession(sessionId, options);
    expect((await listSessions(options)).map((each) => each.sessionId)).toEqual([fork.sessionId]);
    expect(await getSessionMessages(sessionId, options)).toEqual([]);
  });
});
