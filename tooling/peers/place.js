import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { nodeOf } from './child.js';
import { folder, serverOf } from './servers.js';

/** Calls `use` with a place for sessions in which there is nothing yet, and clears it afterwards. */
export async function withPlace(group, use) {
  const namespace = `peers${randomBytes(6).toString('hex')}`;
  if (group === 'memory') return use({});
  if (group === 'file' || group === 'sqlite') {
    const place = { folder: `${folder}${namespace}` };
    mkdirSync(place.folder, { recursive: true });
    try {
      return await use(place);
    } finally {
      rmSync(place.folder, { recursive: true, force: true });
    }
  }
  const { url, clear } = await serverOf(group);
  try {
    return await use({ url, namespace });
  } finally {
    await clear(namespace);
  }
}

/** Why the group cannot be measured; `undefined` when it can. */
export async function missing(group) {
  if (!nodeOf(group)) return 'no Node that is new enough';
  return isServer(group) ? (await serverOf(group)).reason : undefined;
}

export function isServer(group) {
  return ['redis', 'mongo', 'postgres'].includes(group);
}

/** Whether its server only behaves like the real one, as far as tests need it. */
export async function isStandIn(group) {
  return isServer(group) && Boolean((await serverOf(group)).isStandIn);
}
