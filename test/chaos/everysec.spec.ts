import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repeated } from './support/fact-book.js';
import { isLong, print, Stage } from './support/stage.js';

/*
 * Under `everysec` Redis answers before the disk has what it did: a second of it, two when the disk is
 * slow. The death of its process loses none of that, the death of the machine does; for it the end of the
 * file is cut off here.
 */

const rounds = isLong ? 10 : 2;
const UNSAFE_MS = 2_000;

interface Death {
  at: number;
  /** Answers that were given before it are all read by then. */
  over: number;
  losesDisk: boolean;
}

let stage: Stage;
let disk: { at: number; bytes: number }[];
let watch: NodeJS.Timeout;
beforeEach(async () => {
  stage = await Stage.open({ appendonly: true, appendfsync: 'everysec' });
  disk = [];
  watch = setInterval(() => {
    disk.push({ at: Date.now(), bytes: statSync(appendOnlyFile()).size });
  }, 20);
});
afterEach(async () => {
  clearInterval(watch);
  await stage.close();
});

/** Redis 7 keeps it in parts, in a folder of their own; only the newest grows. */
function appendOnlyFile(): string {
  const files = readdirSync(stage.redis.dir, { recursive: true, encoding: 'utf8' });
  const file = files.find((name) => /\.incr\.aof$/.test(name)) ?? 'appendonly.aof';
  return join(stage.redis.dir, file);
}

async function die(losesDisk: boolean): Promise<Death> {
  const at = Date.now();
  await stage.redis.kill('SIGKILL');
  if (losesDisk) {
    const safe = disk.findLast((seen) => seen.at <= at - 1_000)!;
    truncateSync(appendOnlyFile(), safe.bytes);
    disk.length = 0;
  }
  await stage.redis.restart();
  return { at, over: Date.now(), losesDisk };
}

it.each([
  ['the process of Redis is killed', false],
  ['its machine is', true],
])(
  'loses only adds of the last seconds, and repeats only ends of them, when %s',
  async (_, losesDisk) => {
    const engine = { lease: 2_000 };
    const crew = [await stage.worker({ engine }), await stage.worker({ engine })];
    const producer = await stage.producer({ data: { ms: 20 } });
    const deaths: Death[] = [];
    for (let round = 0; round < rounds; round++) {
      await wait(UNSAFE_MS + 200);
      deaths.push(await die(losesDisk));
    }
    await wait(500);
    await stage.endAll([producer]);
    await stage.untilAllCompleted();
    await stage.endAll(crew);

    const added = await stage.facts.of('added');
    const records = await Promise.all(added.map(({ id }) => stage.backend.manager.get(id)));
    const lost = added.filter((_, i) => records[i] === undefined);
    const completed = await stage.facts.byId('completed');
    const again = repeated(completed).map((id) => completed.get(id)![0]!);
    const isUnsafe = ({ at }: { at: number }) =>
      deaths.some((death) => death.losesDisk && at > death.at - UNSAFE_MS && at <= death.over);
    print('deaths under everysec', { added: added.length, lost: lost.length, again: again.length });

    expect(await stage.facts.of('refused')).toEqual([]);
    expect(lost.filter((fact) => !isUnsafe(fact))).toEqual([]);
    expect(again.filter((fact) => !isUnsafe(fact))).toEqual([]);
    // The cut has hit something: otherwise this would prove nothing.
    expect(lost.length + again.length > 0).toBe(losesDisk);
    expect(records.filter((job) => job && job.failCount > 0)).toEqual([]);
    expect((await stage.counts()).total).toBe(added.length - lost.length);
    expect(await stage.violations()).toEqual([]);
    expect(stage.troubles()).toEqual([]);
  },
);
