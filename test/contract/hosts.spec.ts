import { BEAT_MS, MISSED_BEATS, type HostBeat } from '../../lib/core/contracts/host-registry.js';
import { describeBackends, START } from './support/backends.js';

const SILENT_MS = BEAT_MS * MISSED_BEATS;

const beat = (host: string, asked: Partial<HostBeat> = {}): HostBeat => ({
  host,
  names: [{ name: 'mail "1"', concurrency: 5, running: 2, paused: false }],
  slots: 20,
  running: 2,
  paused: false,
  version: '1.2.3',
  startedAt: START,
  ...asked,
});

describeBackends('hosts', (open) => {
  it('tells what each said of itself last, and when', async () => {
    const { broker, manager, clock } = await open();
    await broker.beat!(beat('b'));
    await broker.beat!(beat('a'));
    clock.advance(1_000);
    const later = beat('b', { running: 3, paused: true, names: [] });
    await broker.beat!(later);

    expect(await manager.hosts()).toEqual([
      { ...beat('a'), lastSeenAt: START },
      { ...later, lastSeenAt: START + 1_000 },
    ]);
  });

  it('lists one that has missed three beats no longer, and others remove it', async () => {
    const { broker, manager, clock, dump } = await open();
    await broker.beat!(beat('gone'));
    clock.advance(SILENT_MS - 1);
    await broker.beat!(beat('here'));
    expect((await manager.hosts()).map(({ host }) => host)).toEqual(['gone', 'here']);

    clock.advance(1);
    expect((await manager.hosts()).map(({ host }) => host)).toEqual(['here']);
    await broker.beat!(beat('here'));
    expect(JSON.stringify(await dump())).not.toContain('gone"');
  });

  it('lists one that has left no longer; leaving twice, or unheard, does no harm', async () => {
    const { broker, manager } = await open();
    await broker.beat!(beat('a'));
    await broker.beat!(beat('b'));

    await broker.leave!('a');
    await broker.leave!('a');
    await broker.leave!('nobody');

    expect((await manager.hosts()).map(({ host }) => host)).toEqual(['b']);
  });

  it('lists none, and more than a page of them', async () => {
    const { broker, manager } = await open();
    expect(await manager.hosts()).toEqual([]);

    const names = Array.from({ length: 120 }, (_, i) => `host-${String(i).padStart(3, '0')}`);
    for (const name of names) await broker.beat!(beat(name));

    expect((await manager.hosts()).map(({ host }) => host)).toEqual(names);
  });
});
