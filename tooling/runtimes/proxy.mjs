import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A proxy on a port of its own to a server on this machine, which `refuse` takes away for a while. */
export async function proxyTo(serverPort) {
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => sockets.delete(from) && to.destroy());
    }
  });
  const listen = async (port) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  await listen(0);
  const { port } = server.address();
  const refuse = () => {
    close();
    return () => listen(port);
  };
  return { port, close, refuse };
}
