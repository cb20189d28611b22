import { MyBackendSessionStore } from 'sessions-my-backend';

/** What the kit opens in processes of their own; not needed where compareAndSet is 'process'. */
export function open({ place }, options) {
  return new MyBackendSessionStore(place, options);
}
