import { WATCH_MS } from '../../lib/core/contracts/job-broker.js';
import { describeBackends } from './support/backends.js';
import { claim } from './support/builders.js';

describeBackends('whether some process listens', (open) => {
  it('is told by the claims of every host, for a while after it was declared', async () => {
    const { broker, another, clock } = await open();
    const elsewhere = await another();
    expect(await claim(broker)).toMatchObject({ watched: false });

    await elsewhere.watch!();
    expect(await claim(broker)).toMatchObject({ watched: true });
    clock.advance(WATCH_MS - 1);
    expect(await claim(broker)).toMatchObject({ watched: true });
    clock.advance(1);
    expect(await claim(broker)).toMatchObject({ watched: false });
  });

  it('lasts as long as it is declared again', async () => {
    const { broker, clock } = await open();
    await broker.watch!();
    clock.advance(WATCH_MS / 3);
    await broker.watch!();
    clock.advance(WATCH_MS - 1);

    expect(await claim(broker)).toMatchObject({ watched: true });
  });
});
