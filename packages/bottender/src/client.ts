import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The client of a server, by the name of its package: the one of the project in `folder`, the one that
 * Bottender has brought there, or one beside this package. Throws an `Error` that says what to install.
 */
// biome-ignore lint/suspicious/noExplicitAny: each source knows the type of its client
export function loadClient(name: 'ioredis' | 'mongodb', folder: string): any {
  const project = createRequire(join(folder, 'noop.js'));
  for (const find of [
    () => project,
    () => createRequire(project.resolve('bottender')),
    () => own,
  ]) {
    try {
      return find()(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`the client ${name} is not installed; npm install ${name}`);
}

const own = createRequire(import.meta.url);
