import { MyBackendSessionStore } from 'sessions-my-backend';

/** What the kit opens in processes of their own. */
export function open({ place }, options) {
  return new MyBackendSessionStore(place, options);
}
