import { promisify } from 'node:util';

// What every case opens: `write` and `read`, for updates `update`, and `close`.

/** A store of ours. */
export function bound(store) {
  return {
    write: (id, session) => store.write(id, session),
    update: (id, change) => store.update(id, change),
    read: (id) => store.read(id),
    close: () => store.close(),
  };
}

/** A store of express-session, with promises. */
export function promised(store, close = () => {}) {
  return {
    write: promisify(store.set.bind(store)),
    read: promisify(store.get.bind(store)),
    close,
  };
}

/** A Keyv. */
export function ofKeyv(store, close = () => {}) {
  return {
    write: (id, session) => store.set(id, session),
    read: (id) => store.get(id),
    close,
  };
}

/** A storage of unstorage. */
export function ofUnstorage(store) {
  return {
    write: (id, session) => store.setItem(id, session),
    read: (id) => store.getItem(id),
    close: () => store.dispose(),
  };
}

/** An update without a store of ours: read, change, write. Two at once lose one of them. */
export function byHand(open) {
  return async (place) => {
    const store = await open(place);
    return {
      ...store,
      update: async (id, change) => store.write(id, change(await store.read(id))),
    };
  };
}
