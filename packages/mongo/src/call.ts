import { isSessionError, type Outcome, SessionError } from '@sessions/core';
import { explain, isRefusal, redacted } from './failure.ts';

/**
 * How much of the time for a call may pass before its command is on the wire. What remains is for
 * saying that it never was.
 */
export const SHARE_FOR_SENDING = 0.9;

/**
 * One call about a session: some commands, one after another. It stands for the id in them: the
 * client asks for its BSON form when it puts a command on the wire, after it has found a server and
 * a connection. So this knows what was sent, and keeps it from being sent when nobody waits any more.
 */
export class Call {
  readonly id: string;
  readonly #end: number;
  #isOver = false;
  /** How often the command under way was sent. */
  #sent = 0;
  #isWriting = false;
  /** Whether a write was sent of which nobody knows what became of it. */
  #isDoubtful = false;

  constructor(id: string, end: number) {
    this.id = id;
    this.#end = end;
  }

  toBSON(): string {
    if (this.#isOver || performance.now() >= this.#end) {
      throw new Error('the time was up before the command could be sent');
    }
    this.#sent++;
    if (this.#isWriting) this.#isDoubtful = true;
    return this.id;
  }

  send<T>(command: (id: string) => Promise<T>): Promise<T> {
    this.#sent = 0;
    // To the client a value with `toBSON` is as good as what that returns.
    return command(this as unknown as string);
  }

  async write<T>(command: (id: string) => Promise<T>): Promise<T> {
    this.#isWriting = true;
    try {
      const answer = await this.send(command);
      this.#isDoubtful = this.#sent > 1; // of several this answers the last
      return answer;
    } catch (error) {
      if (this.#sent === 1 && isRefusal(error)) this.#isDoubtful = false;
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }

  /** Settles as the work does, or when the time is over. */
  run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (code: 'UNAVAILABLE' | 'TIMEOUT', message: string) => {
        this.#isOver = true;
        reject(new SessionError(code, message, { outcome: this.#outcome }));
      };
      const left = () => this.#end - performance.now();
      const onUnsent = () => {
        if (this.#sent === 0) giveUp('UNAVAILABLE', 'no connection to the server in time');
        else timer = setTimeout(giveUp, left(), 'TIMEOUT', 'no answer in time');
      };
      let timer = setTimeout(onUnsent, left() * SHARE_FOR_SENDING);
      work(this).then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(this.#explain(error));
        },
      );
    });
  }

  #explain(error: unknown): SessionError {
    if (isSessionError(error)) return error;
    if (this.#sent > 0) return explain(error, this.#outcome);
    const options = { outcome: this.#outcome, cause: redacted(error) };
    return new SessionError('UNAVAILABLE', 'the command could not be sent', options);
  }

  get #outcome(): Outcome {
    return this.#isDoubtful ? 'unknown' : 'not-applied';
  }
}
