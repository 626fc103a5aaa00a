import { scripts } from '../all-scripts.js';
import { inBites, readJobs } from '../read-jobs.js';
import type { Examination } from './examination.js';
import { seenByReaders } from './seen-by-readers.js';

/** How many jobs a look takes at once. */
const AT_ONCE = 25;
/** As the engine has it where a handler does not say. */
const RESCUES_OTHERWISE = '2';

/** What scripts that may rescue a job are told beside. */
export const rescuesOtherwise = RESCUES_OTHERWISE;

/** Looks at every job of a partition. @returns how many there were */
export async function examineJobs(examination: Examination): Promise<number> {
  const { partition, pace } = examination;
  let count = 0;
  for (let cursor = '0', isOver = false; !isOver; isOver = cursor === '0') {
    const [, next, ...ids] = await pace.call(() =>
      partition.run(scripts.scanJobs, [cursor, String(AT_ONCE)]),
    );
    cursor = next!;
    count += ids.length;
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      await examineThese(examination, ids.slice(i, i + AT_ONCE));
    }
  }
  return count;
}

async function examineThese(examination: Examination, ids: readonly string[]): Promise<void> {
  const { whole, partition, number, pace } = examination;
  for (const id of ids) {
    const place = whole.numberOf(id);
    if (place === number) continue;
    examination.note('wrong-partition', id, `its id says partition ${place}`, 'left');
  }
  const texts = await pace.call(() => readJobs(partition, ids));
  const notes = new Map(
    texts.filter(({ asked }) => asked !== '').map((job) => [job.id, seenByReaders(job)]),
  );
  await inBites(ids, (bite) => {
    const pairs = bite.flatMap((id) => [id, notes.get(id) ?? '']);
    return examination.ask(scripts.examineJobs, [RESCUES_OTHERWISE, ...pairs]);
  });
}
