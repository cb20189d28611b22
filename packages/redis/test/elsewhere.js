import { RedisSessionStore } from '@sessions/redis';
import { Cluster } from 'ioredis';

/** What the kit opens in processes of their own: at a URL, or on a cluster at these ports. */
export function open({ url, ports, prefix }, options) {
  if (url) return new RedisSessionStore(url, { ...options, prefix });
  return new ClusterStore(new Cluster(ports.map((port) => ({ host: '127.0.0.1', port }))), {
    ...options,
    prefix,
  });
}

/** Lets go of its client, which a store leaves open that it was given. */
class ClusterStore extends RedisSessionStore {
  #cluster;

  constructor(cluster, options) {
    super(cluster, options);
    this.#cluster = cluster;
  }

  async close() {
    await super.close();
    this.#cluster.disconnect();
  }
}
