// Modules with stores of strangers, for --store ./module.mjs:./folder.

/** A stranger's store that takes only small sessions. */
export const SMALL = `
import { FileSessionStore } from '@sessions/file';
export class SmallSessionStore extends FileSessionStore {
  constructor(folder) {
    super(folder, { maxSessionBytes: 100 });
  }
}`;

/** A stranger's store whose disk is full after twenty sessions. */
export const FAILING = `
import { FileSessionStore } from '@sessions/file';
export class FailingSessionStore extends FileSessionStore {
  left = 20;
  async write(...args) {
    if (this.left-- > 0) return super.write(...args);
    const error = new Error('the disk is full');
    throw Object.assign(error, { name: 'SessionError', code: 'UNAVAILABLE' });
  }
}`;

/** A stranger's store that finds one session, and then searches until somebody stops it. */
export const SLOW = `
import { FileSessionStore } from '@sessions/file';
export const end = (signal) => new Promise((_, reject) => {
  const alive = setInterval(() => {}, 1000);
  signal.addEventListener('abort', () => reject(signal.reason, clearInterval(alive)));
});
export class SlowSessionStore extends FileSessionStore {
  async *versions({ signal }) {
    yield ['a:1', await this.readVersion('a:1')];
    if (!process.argv.includes('verify')) await end(signal);
    const warning = Object.assign(new Error('corrupt'), { name: 'SessionWarning', code: 'CORRUPT' });
    process.emitWarning(Object.assign(warning, { detail: 'f'.repeat(64) }));
  }
  async *ids({ signal }) {
    await end(signal);
  }
  prune({ signal }) {
    return end(signal);
  }
}`;
