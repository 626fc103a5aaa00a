import { ClusterStage } from './support/cluster-stage.js';
import { isLong, print } from './support/stage.js';

const rounds = isLong ? 10 : 1;

let at: ClusterStage;
beforeEach(async () => {
  at = await ClusterStage.open();
});
afterEach(() => at.close());

it(
  'loses no acknowledged job when a master of a Cluster is killed, goes on at the others, and soon everywhere',
  async () => {
    const { stage, cluster, partitions } = at;
    const crew = await Promise.all([1, 2, 3].map(() => stage.worker({ engine: { lease: '3s' } })));
    const producers = await Promise.all([1, 2].map(() => stage.producer({ burst: 2 })));
    const resumedAfterMs: number[] = [];

    for (let round = 0; round < rounds; round++) {
      const before = (await stage.counts()).completed;
      await stage.untilCompleted(before + 500);
      const victim = await at.masterOf(round % partitions.length, cluster.nodes[0]!);
      const witness = cluster.nodes.find((node) => node !== victim)!;
      const hit: number[] = [];
      for (const partition of partitions) {
        if ((await at.masterOf(partition, witness)) === victim) hit.push(partition);
      }

      const killedAt = Date.now();
      await victim.kill('SIGKILL');
      await stage.until('a replica has taken over', async () => {
        return (await at.masterOf(hit[0]!, witness)) !== victim;
      });
      const promotedAt = Date.now();
      // It comes back as a replica of the new master: from then on adds are confirmed again.
      await victim.restart();
      const startsIn = async (partition: number, from: number): Promise<number[]> => {
        const starts = await stage.facts.of('started');
        return starts
          .filter(({ id, lockedAt }) => at.partitionOf(id) === partition && lockedAt! > from)
          .map((fact) => fact.at);
      };
      for (const partition of hit) {
        await stage.until(`partition ${partition} goes on`, async () => {
          return (await startsIn(partition, promotedAt)).length > 0;
        });
        resumedAfterMs.push(Math.min(...(await startsIn(partition, promotedAt))) - promotedAt);
      }
      for (const partition of partitions.filter((number) => !hit.includes(number))) {
        const starts = await startsIn(partition, killedAt);
        // Long before anybody took over.
        expect([partition, Math.min(...starts) - killedAt < 1_000]).toEqual([partition, true]);
      }
      await cluster.untilWhole();
    }
    await stage.endAll(producers);
    await stage.untilAllCompleted();
    await stage.endAll(crew);

    const added = await stage.facts.ids('added');
    const refused = await stage.facts.of('refused');
    const records = await Promise.all(added.map((id) => stage.backend.manager.get(id)));
    print('cluster failover', { added: added.length, refused: refused.length, resumedAfterMs });
    expect(added.filter((_, i) => !records[i])).toEqual([]);
    expect(Math.max(...resumedAfterMs)).toBeLessThanOrEqual(5_000);
    // The new master has no replica at first, so what it stores is not confirmed.
    expect(refused.filter(({ why }) => why !== 'DurabilityError')).toEqual([]);
    expect((await stage.facts.of('error')).map(({ why }) => why)).toEqual([]);
    expect(await stage.violations()).toEqual([]);
    expect(stage.troubles()).toEqual([]);
  },
  isLong ? 600_000 : 90_000,
);
