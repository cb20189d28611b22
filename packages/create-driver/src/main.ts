import { parseArgs } from 'node:util';
import { createDriver } from './create-driver.ts';

const HELP = `Makes a package with a session store driver to start from.

  npm create @sessions/driver my-backend

makes the folder my-backend, with the package sessions-my-backend in it.

Options (npm wants a -- before them):
  --vitest  its tests run under Vitest, not under node:test
  --help    shows this
`;

/** Runs the command line, and answers with the exit code. */
export function main(args: readonly string[]): number {
  try {
    const { name, vitest, help } = parse(args);
    process.stdout.write(help ? HELP : create(name, vitest));
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

function create(name: string | undefined, vitest: boolean): string {
  if (name === undefined) {
    throw new Error('the backend needs a name: npm create @sessions/driver my-backend');
  }
  createDriver(name, { vitest });
  return `Made ${name}: a driver that works, in memory. Its tests pass:

  cd ${name}
  npm install
  npm test

Then go on from src/driver.ts, through the places that say TODO. What each method owes the store
is told in node_modules/@sessions/core/DRIVERS.md, what the tests need of you in
node_modules/@sessions/conformance/README.md.
`;
}

function parse(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        vitest: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
    if (positionals.length > 1) throw new Error(`one name, not ${positionals.join(' ')}`);
    return { ...values, name: positionals[0] };
  } catch (error) {
    // Node's own message goes on about arguments that begin with a dash.
    const [sentence] = (error as Error).message.split('. ');
    throw new Error(`${sentence}; --help says what there is`);
  }
}
