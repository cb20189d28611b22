import type { Socket } from 'node:net';
import type { Collection, MongoClient, ServerHeartbeatStartedEvent } from 'mongodb';

/** What only the client itself knows, in mongodb 7.9. In another version it may be elsewhere. */
interface Inside {
  readonly topology?: { readonly s?: { readonly servers?: ReadonlyMap<string, Server> } };
}

interface Server {
  readonly monitor?: { readonly connection?: Connection | null } | null;
  readonly pool?: { readonly checkedOut?: Iterable<Connection> };
}

interface Connection {
  readonly socket?: Socket;
}

/**
 * Lets commands of the client fail that would never end. When a connection breaks, its socket is destroyed
 * a moment before it says so. A command written in that moment waits without a limit for the socket to
 * drain. If it is the client's own look after its server, the client never finds the server again; if
 * not, the pool never gets the connection back.
 */
export function endStuckCommands({ db }: Collection): void {
  const client: MongoClient | undefined = db.client; // not in every version
  if (client && !client.listeners('serverHeartbeatStarted').includes(onLook)) {
    client.on('serverHeartbeatStarted', onLook);
  }
}

function onLook(this: MongoClient, { connectionId }: ServerHeartbeatStartedEvent): void {
  // When this look has been written, and a socket destroyed before has said so.
  setImmediate(() => {
    const { topology } = this as Inside;
    const { monitor, pool } = topology?.s?.servers?.get(connectionId) ?? {};
    for (const connection of [monitor?.connection, ...(pool?.checkedOut ?? [])]) {
      const socket = connection?.socket;
      if (socket?.destroyed) socket.emit('drain'); // what goes on finds the connection closed
    }
  });
}
