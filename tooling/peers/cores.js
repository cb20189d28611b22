import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * The cores for a server and for its clients, for `taskset`; `null` where there are not two, or no
 * `taskset`. Where both may run on either, what one call takes is one of two figures, at random.
 */
export const cores = found();

function found() {
  try {
    execFileSync('taskset', ['--version']);
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    const all = list.split(',').flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, n) => String(first + n));
    });
    const [client, server] = all;
    if (server === undefined) return null;
    return { client, server, clients: all.filter((core) => core !== server).join(',') };
  } catch {
    return null;
  }
}

/** The command that runs the program on `cores[which]`; anywhere without `which`. */
export function pinned(which, program, args) {
  return which && cores ? ['taskset', ['-c', cores[which], program, ...args]] : [program, args];
}
