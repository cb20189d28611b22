import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a command to its end: whether it succeeded, and all that it printed. */
export async function attempt(command, args, { cwd, env = {} }) {
  try {
    const how = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const { stdout, stderr } = await execute(command, args, how);
    return { succeeded: true, output: stdout + stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { succeeded: false, output: error.stdout + error.stderr };
  }
}

/** What a command prints that has to succeed. */
export async function run(command, args, how) {
  const { succeeded, output } = await attempt(command, args, how);
  if (!succeeded) throw new Error(`${command} ${args.join(' ')} failed:\n${output}`);
  return output;
}
