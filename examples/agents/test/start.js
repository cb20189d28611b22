import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Starts an agent in a group of processes of its own, which does not outlive the test. */
export function start(test, file, args, env) {
  const agent = spawn(process.execPath, [join(import.meta.dirname, '..', file), ...args], {
    env: { PATH: process.env.PATH, ...env },
    cwd: join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // with a group of its own: Claude Code is a process, too
  });
  const kill = () => {
    try {
      process.kill(-agent.pid, 'SIGKILL');
    } catch {
      // all of it has ended
    }
  };
  test.after(kill);
  const ended = once(agent, 'exit');
  const printed = text(agent.stdout);
  return {
    /** What it has printed, once it has ended well. */
    async ends() {
      const [code] = await ended;
      if (code !== 0) throw new Error(`${file} ended with ${code}`);
      return (await printed).trim();
    },
    async kill() {
      kill();
      await ended;
    },
  };
}
