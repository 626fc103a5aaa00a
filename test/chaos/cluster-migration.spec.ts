import { ClusterStage } from './support/cluster-stage.js';
import { repeated } from './support/fact-book.js';
import { errorsAnswered, moveSlot } from './support/move-slot.js';
import { isLong, print } from './support/stage.js';

const rounds = isLong ? 10 : 1;

let at: ClusterStage;
beforeEach(async () => {
  at = await ClusterStage.open();
});
afterEach(() => at.close());

it(
  'loses no job and runs none twice while slots move from master to master',
  async () => {
    const { stage, cluster, partitions } = at;
    const crew = await Promise.all([1, 2, 3].map(() => stage.worker()));
    const producers = await Promise.all([1, 2].map(() => stage.producer({ burst: 2 })));
    const [anyNode] = cluster.nodes;
    const masters = await at.masters(anyNode!);
    expect(masters).toHaveLength(3);
    const longestMs: number[] = [];

    for (let round = 0; round < rounds; round++) {
      for (const partition of partitions.slice(0, isLong ? undefined : 3)) {
        const before = (await stage.counts()).completed;
        await stage.untilCompleted(before + 100);
        const from = await at.masterOf(partition, anyNode!);
        const to = masters[(masters.indexOf(from) + 1) % masters.length]!;
        const startedAt = performance.now();
        await moveSlot(at.slotOf(partition), from, to, masters);
        longestMs.push(Math.round(performance.now() - startedAt));
        const movedAt = Date.now();
        expect(await at.masterOf(partition, anyNode!)).toBe(to);
        await stage.until(`partition ${partition} goes on`, async () => {
          const starts = await stage.facts.of('started');
          return starts.some(({ id, lockedAt }) => {
            return at.partitionOf(id) === partition && lockedAt! > movedAt;
          });
        });
      }
    }
    await stage.endAll(producers);
    await stage.untilAllCompleted();
    await stage.endAll(crew);

    const added = await stage.facts.ids('added');
    const starts = await stage.facts.byId('started');
    const errors = await errorsAnswered(masters);
    const { total } = await stage.counts();
    print('slots moved', { added: added.length, longestMs, errors: Object.fromEntries(errors) });
    expect(await stage.facts.of('refused')).toEqual([]);
    expect(added.filter((id) => !starts.has(id))).toEqual([]);
    expect(repeated(starts)).toEqual([]);
    expect(repeated(await stage.facts.byId('completed'))).toEqual([]);
    expect(total).toBe(added.length);
    const words = ['MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT'];
    expect(words.filter((word) => errors.has(word))).toEqual(
      errors.size > 0 ? ['MOVED', 'ASK', 'TRYAGAIN'] : [],
    );
    expect((await stage.facts.of('error')).map(({ why }) => why)).toEqual([]);
    expect(await stage.violations()).toEqual([]);
    expect(stage.troubles()).toEqual([]);
  },
  isLong ? 600_000 : 90_000,
);
