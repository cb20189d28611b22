import { MINUTE } from './clock.ts';
import { listed } from './operations.ts';
import { lastingStores, type Promised, sharedStores } from './promised.ts';
import { sameJson } from './same-json.ts';

export const persistence: readonly Promised[] = [
  lastingStores('what was written is there when the store is opened again', async (trial) => {
    const first = await trial.open();
    await first.write('a', { n: 1 });
    await first.update('a', () => ({ n: 2 }));
    await first.write('b', { n: 3 });
    await first.write('c', { n: 4 });
    await first.destroy('c');
    await first.close();
    const second = await trial.open();
    sameJson(await second.read('a'), { n: 2 }, 'a session from before the store was closed');
    const found = (await listed(second)).map(([id]) => id);
    sameJson(found.sort(), ['a', 'b'], 'the ids from before the store was closed');
    const updated = await second.update('a', (session) => ({ n: session?.n + 1 }));
    sameJson(updated, { n: 3 }, 'what update makes of a session from before');
  }),

  lastingStores('lifetimes go on while the store is closed', async (trial) => {
    const options = { expiresIn: 60, now: trial.clock.now };
    const first = await trial.open(options);
    await first.write('a', { n: 1 });
    await first.close();
    trial.clock.time += 59 * MINUTE;
    const second = await trial.open(options);
    sameJson(await second.read('a'), { n: 1 }, 'a session of 60 minutes after 59');
    await second.close();
    trial.clock.time += 1 * MINUTE;
    const third = await trial.open(options);
    sameJson(await third.read('a'), null, 'a session of 60 minutes after 60');
  }),

  sharedStores('one store sees at once what another has acknowledged', async (trial) => {
    const [one, two] = await trial.openTwo();
    sameJson(await two.read('a'), null, 'a session not written yet');
    for (let n = 0; n < 5; n++) {
      await one.write('a', { n });
      sameJson(await two.read('a'), { n }, 'a session that another store has written');
      await two.update('a', (session) => ({ n: session?.n, changed: true }));
      sameJson(await one.all(), [{ n, changed: true }], 'all() after another store has updated');
    }
    await two.destroy('a');
    sameJson(await one.read('a'), null, 'a session that another store has destroyed');
  }),
];
