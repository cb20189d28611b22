import { LRUCache } from 'lru-cache';
import { session } from './session.js';

// Each case gets the ids of its sessions, makes itself ready, and returns a function that does its
// operation `count` times, on one session after another. The first case is what the others are
// compared with. `await` is inside the loop only where the operation needs it: the first pays none.
export const cases = {
  async 'lru-cache + JSON: pair'(ids) {
    const { read, write } = jsonCache();
    for (const id of ids) write(id, { ...session, id });
    return (count) => {
      for (let i = 0; i < count; i++) {
        const id = ids[i % ids.length];
        const found = read(id);
        found.lastActivity++;
        write(id, found);
      }
    };
  },

  async 'the same, async: pair'(ids) {
    const { read, write } = jsonCache();
    return pairs(ids, {
      read: async (id) => read(id),
      write: async (id, value) => write(id, value),
    });
  },

  async 'memory store: pair'(ids) {
    return pairs(ids, await memoryStore());
  },

  async 'memory store: update'(ids) {
    const store = await filled(ids, await memoryStore());
    return async (count) => {
      for (let i = 0; i < count; i++) {
        await store.update(ids[i % ids.length], (found) => {
          found.lastActivity++;
          return found;
        });
      }
    };
  },

  async 'bot: event'(ids) {
    const { Bot } = await import('@sessions/bot');
    const bot = new Bot({ sessionStore: await filled(ids, await memoryStore()) });
    bot.onEvent((context) => {
      context.setState((state) => ({ visits: state.visits + 1 }));
    });
    const reply = () => {};
    return async (count) => {
      for (let i = 0; i < count; i++) {
        await bot.handle({ sessionId: ids[i % ids.length], text: 'Hi' }, reply);
      }
    };
  },
};

function jsonCache() {
  const cache = new LRUCache({ max: 10_000 });
  return {
    read: (id) => JSON.parse(cache.get(id)),
    write: (id, value) => cache.set(id, JSON.stringify(value)),
  };
}

async function memoryStore() {
  const { MemorySessionStore } = await import('@sessions/memory');
  return new MemorySessionStore(10_000).init();
}

async function filled(ids, store) {
  for (const id of ids) await store.write(id, { ...session, id });
  return store;
}

async function pairs(ids, store) {
  await filled(ids, store);
  return async (count) => {
    for (let i = 0; i < count; i++) {
      const id = ids[i % ids.length];
      const found = await store.read(id);
      found.lastActivity++;
      await store.write(id, found);
    }
  };
}
