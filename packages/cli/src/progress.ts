import type { WriteStream } from 'node:tty';
import { count, duration } from './units.ts';

const REDRAW = 100; // ms
const WAIT = 1000; // ms
const LONGEST_BAR = 30;
const USUAL_WIDTH = 80;

/** One line in a terminal that tells how far something has come. Elsewhere it shows nothing. */
export class Progress {
  readonly #stream: WriteStream;
  readonly #isAble: boolean;
  #start = 0;
  #drawn = 0;
  #cleared = 0;
  #isShown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    this.#isAble = stream.isTTY && process.env.TERM !== 'dumb'; // that one clears no line
  }

  /** `what` is said before the count, `total` is absent while nobody knows it. */
  show(what: string, done: number, total?: number): void {
    if (!this.#isAble) return;
    const now = performance.now();
    this.#start ||= now;
    if (now - this.#drawn < REDRAW) return;
    this.#drawn = now;
    this.#draw(this.#line(what, done, total, (now - this.#start) / 1000));
  }

  /** Tells how long something takes that says nothing else, until `end`. */
  wait(what: string): void {
    if (!this.#isAble) return;
    const start = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      if (now - this.#cleared >= WAIT) this.#draw(`${what}  ${duration(now - start)}`);
    }, WAIT);
  }

  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  clear(): void {
    this.#cleared = performance.now();
    if (this.#isShown) this.#stream.write('\r\u001b[K');
    this.#isShown = false;
  }

  #draw(text: string): void {
    this.#isShown = true;
    this.#stream.write(`\r\u001b[K${text}`);
  }

  #line(what: string, done: number, total: number | undefined, seconds: number): string {
    const rate = seconds > 0 ? done / seconds : 0;
    const speed = `${count(Math.round(rate))}/s`;
    const room = (this.#stream.columns || USUAL_WIDTH) - 1; // some terminals say 0
    if (total === undefined || total < done)
      return `${what} ${count(done)}  ${speed}`.slice(0, room);
    const left = rate > 0 ? duration(((total - done) / rate) * 1000) : '?';
    const part = total === 0 ? 1 : done / total;
    const text = `${what} ${count(done)} of ${count(total)}  ${Math.floor(part * 100)} %  ${speed}  ${left} left`;
    const width = Math.min(LONGEST_BAR, room - text.length - 2);
    if (width < 5) return text.slice(0, room);
    const full = Math.floor(part * width);
    return `${'█'.repeat(full)}${'░'.repeat(width - full)}  ${text}`;
  }
}
