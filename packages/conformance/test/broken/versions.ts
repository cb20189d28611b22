import { createHash, randomUUID } from 'node:crypto';
import {
  type DestroyOptions,
  type Driver,
  type FullSessionStore,
  isSessionError,
  type Session,
  SessionError,
  type StoreOptions,
  type Version,
  type WriteOptions,
} from '@sessions/core';
import { BreakableStore, type Broken, brokenStore } from './broken.ts';

const WHOLE = 'readVersion and versions give the session, its etag and when it expires';
const ETAGS = 'each write gives a session another etag, and reading does not';
const APPLIED = 'write and destroy with the etag that is there are applied';
const CONFLICT = 'write and destroy with another etag reject as CONFLICT and change nothing';

/** Gives versions that are not quite what they are. */
function withVersions(
  how: string,
  promises: readonly string[],
  alter: (version: Version) => Version,
): Broken {
  return brokenStore(
    how,
    promises,
    class extends BreakableStore {
      override async readVersion(id: string): Promise<Version | null> {
        const version = await super.readVersion(id);
        return version && alter(version);
      }
    },
  );
}

export const brokenVersions: readonly Broken[] = [
  withVersions('tells in seconds when a version expires', [WHOLE], (version) => ({
    ...version,
    expiresAt: version.expiresAt && version.expiresAt / 1000,
  })),
  withVersions('says 0 for never', [WHOLE], (version) => ({
    ...version,
    expiresAt: version.expiresAt ?? 0,
  })),
  brokenStore(
    'lists versions without their etags',
    [WHOLE],
    class extends BreakableStore {
      override async *versions(): AsyncGenerator<[string, Version]> {
        for await (const [id, version] of super.versions()) yield [id, { ...version, etag: id }];
      }
    },
  ),
  withVersions('names versions by what is in them', [ETAGS], (version) => ({
    ...version,
    etag: createHash('sha256').update(JSON.stringify(version.session)).digest('hex'),
  })),
  withVersions('names a version anew for each who reads', [ETAGS], (version) => ({
    ...version,
    etag: randomUUID(),
  })),
  brokenStore(
    'gives the same version again',
    ['changing what readVersion and versions gave changes nothing'],
    class extends BreakableStore {
      readonly #given = new Map<string, Version>();
      override async readVersion(id: string): Promise<Version | null> {
        const version = await super.readVersion(id);
        if (!version) return null;
        const given = this.#given.get(version.etag) ?? version;
        this.#given.set(version.etag, given);
        return given;
      }
    },
  ),
  brokenStore(
    'forgets the lifetime of a write with ifMatch',
    [APPLIED],
    class extends BreakableStore {
      override write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        if (options?.ifMatch === undefined) return super.write(id, session, options);
        return super.write(id, session, { ifMatch: options.ifMatch });
      }
    },
  ),
  brokenStore(
    'finds no version to destroy',
    [APPLIED],
    class extends BreakableStore {
      override destroy(id: string, options?: DestroyOptions): Promise<void> {
        return super.destroy(id, options && { ifMatch: randomUUID() });
      }
    },
  ),
  brokenStore(
    'writes in place of any version',
    [CONFLICT],
    class extends BreakableStore {
      override write(id: string, session: Session): Promise<void> {
        return super.write(id, session);
      }
    },
  ),
  brokenStore(
    'creates where a version should be',
    [CONFLICT],
    class extends BreakableStore {
      override async write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        if (options?.ifMatch && (await this.read(id)) === null) return super.write(id, session);
        return super.write(id, session, options);
      }
    },
  ),
  brokenStore(
    'passes in silence over a destroy that met another version',
    [CONFLICT],
    class extends BreakableStore {
      override async destroy(id: string, options?: DestroyOptions): Promise<void> {
        await super.destroy(id, options).catch((error: unknown) => {
          if (!isSessionError(error, 'CONFLICT')) throw error;
        });
      }
    },
  ),
  brokenStore(
    'does not know whether a write that met another version was applied',
    [CONFLICT],
    class extends BreakableStore {
      override async write(...[id, session, options]: Parameters<FullSessionStore['write']>) {
        await super.write(id, session, options).catch((error: unknown) => {
          if (!isSessionError(error, 'CONFLICT')) throw error;
          throw new SessionError('CONFLICT', 'another version was there', {
            id,
            outcome: 'unknown',
          });
        });
      }
    },
  ),
  brokenStore(
    'takes an expired version for one that is there',
    ['an expired session counts as none to ifMatch'],
    class extends BreakableStore {
      readonly #driver: Driver;
      constructor(driver: Driver, options: StoreOptions) {
        super(driver, options);
        this.#driver = driver;
      }
      override async write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        if (options?.ifMatch === null && (await this.#driver.get(id, 1000))) {
          throw new SessionError('CONFLICT', 'a session is there', { id });
        }
        return super.write(id, session, options);
      }
    },
  ),
  brokenStore(
    'looks at the version, and then writes',
    ['of many writes at once with one etag exactly one is applied'],
    class extends BreakableStore {
      override async write(id: string, session: Session, options?: WriteOptions): Promise<void> {
        if (options?.ifMatch !== undefined) {
          const etag = (await super.readVersion(id))?.etag ?? null;
          if (etag !== options.ifMatch) throw new SessionError('CONFLICT', 'not it', { id });
        }
        await super.write(id, session);
      }
    },
  ),
  brokenStore(
    'takes ifMatch that is undefined for any version',
    ['ifMatch that is no etag is a TypeError, and nothing changes'],
    class extends BreakableStore {
      override destroy(id: string, options?: DestroyOptions): Promise<void> {
        return super.destroy(id, options?.ifMatch === undefined ? undefined : options);
      }
    },
  ),
];
