import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { docs } from '../build/root.js';

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** Serves the site as a static host does: compressed, `/start` for `start.html`. */
export async function serve() {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://site').pathname);
    const found = [path, `${path}.html`, join(path, 'index.html')].find(
      (name) => extname(name) && fileAt(name),
    );
    const name = found ?? '404.html';
    response.writeHead(found ? 200 : 404, {
      'content-type': TYPES[extname(name)] ?? 'text/plain; charset=utf-8',
      'content-encoding': 'gzip',
    });
    response.end(gzipSync(fileAt(name)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}

function fileAt(name) {
  try {
    return readFileSync(join(docs, 'dist', name));
  } catch {
    return undefined;
  }
}
