import { setTimeout } from 'node:timers/promises';
import type { SessionRecord } from '@sessions/core';
import { ServerDriver } from '../fixtures/server.ts';
import { type Broken, brokenDriver, type Expected } from './broken.ts';

const LATE = 'a write that was given up does not overwrite a later one';
const LATE_CREATION = 'a creation that was given up does not bring back what is gone';
const LATE_UPDATE = 'an update that was given up does not overwrite a later write';

/** Takes nobody's word for how long a command may take. */
class TimelessDriver extends ServerDriver {
  override put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
    return super.put(id, record, expected);
  }

  override delete(id: string, expected: string | undefined): Promise<boolean> {
    return super.delete(id, expected);
  }
}

export const brokenLateCommands: readonly Broken[] = [
  brokenDriver(
    'keeps writes for when the backend is back',
    [LATE],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        while (this.server.state !== 'up') await setTimeout(50);
        await setTimeout(50);
        return super.put(id, record, expected);
      }
    },
  ),
  brokenDriver('lets the server apply what was given up long ago', [LATE], TimelessDriver, 'held'),
  brokenDriver(
    'lets the server apply destroys that were given up',
    [LATE],
    class extends ServerDriver {
      override delete(id: string, expected: string | undefined): Promise<boolean> {
        return super.delete(id, expected);
      }
    },
    'held',
  ),
  brokenDriver(
    'compares etags before it sends the command',
    [LATE_UPDATE],
    class extends TimelessDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        if (this.server.state === 'up') return super.put(id, record, expected);
        return super.put(id, record, undefined);
      }
    },
    'held',
  ),
  brokenDriver(
    'deletes by etag what has another by the time the server looks',
    [LATE_UPDATE],
    class extends TimelessDriver {
      override delete(id: string, expected: string | undefined): Promise<boolean> {
        return super.delete(id, this.server.state === 'up' ? expected : undefined);
      }
    },
    'held',
  ),
  brokenDriver(
    'tries updates again when the backend is back',
    [LATE_UPDATE],
    class extends ServerDriver {
      override async put(id: string, record: SessionRecord, expected: Expected): Promise<boolean> {
        while (this.server.state !== 'up') await setTimeout(50);
        await setTimeout(50);
        return super.put(id, record, expected);
      }
    },
  ),
  brokenDriver(
    'lets the server create what was given up long ago',
    [LATE_CREATION],
    class extends ServerDriver {
      override put(
        id: string,
        record: SessionRecord,
        expected: Expected,
        timeout?: number,
      ): Promise<boolean> {
        return super.put(id, record, expected, expected === null ? undefined : timeout);
      }
    },
    'held',
  ),
];
