import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from './failure.ts';

/** A text in a file that nobody else may read, for the user's editor. */
export class EditedFile {
  readonly #folder: string;
  readonly path: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'session.json');
  }

  static async with(text: string): Promise<EditedFile> {
    const file = new EditedFile(await mkdtemp(join(tmpdir(), 'sessions-')));
    await writeFile(file.path, text, { mode: 0o600 });
    return file;
  }

  /** Resolves with the text that is there once the editor has ended. */
  async edit(): Promise<string> {
    const isWindows = process.platform === 'win32';
    const { VISUAL, EDITOR } = process.env;
    const editor = VISUAL || EDITOR || (isWindows ? 'notepad' : 'vi');
    // By a shell, since it may have arguments, as `code --wait` has. One that Ctrl-C does not end.
    const child = isWindows
      ? spawn(`${editor} "${this.path}"`, { stdio: 'inherit', shell: true })
      : spawn('/bin/sh', ['-c', `trap : INT; ${editor} "$1"`, 'sh', this.path], {
          stdio: 'inherit',
        });
    const [code, signal] = await once(child, 'exit');
    if (code === 0) return this.text();
    throw new Failure(`the editor, ${editor}, ended with ${signal ?? `code ${code}`}`);
  }

  text(): Promise<string> {
    return readFile(this.path, 'utf8');
  }

  /** Whether nothing else is in it. An editor may have removed it. */
  async says(text: string): Promise<boolean> {
    return (await this.text().catch(() => text)) === text;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
