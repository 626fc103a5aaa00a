import { scripts } from '../all-scripts.js';
import { inBites, readJobs } from '../read-jobs.js';
import type { Examination } from './examination.js';
import { seenByReaders } from './seen-by-readers.js';

/** How many jobs a look takes at once. */
const AT_ONCE = 25;
/** How many rescues a script allows that may rescue a job: as the engine has it where a handler does not say. */
export const RESCUES_OTHERWISE = '2';

/** Looks at every job of a partition. @returns how many there were */
export async function examineJobs(examination: Examination): Promise<number> {
  const { partition } = examination;
  let count = 0;
  for (let cursor = '0', isOver = false; !isOver; isOver = cursor === '0') {
    const from = cursor;
    const scanned = await examination.attempt(scripts.scanJobs, [], () =>
      partition.run(scripts.scanJobs, [from, String(AT_ONCE)]),
    );
    if (!scanned) return count;
    const [, next, ...ids] = scanned;
    cursor = next!;
    count += ids.length;
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      await examineThese(examination, ids.slice(i, i + AT_ONCE));
    }
  }
  return count;
}

async function examineThese(examination: Examination, met: readonly string[]): Promise<void> {
  const { partition } = examination;
  const ids = met.filter((id) => !isStray(examination, id));
  const items = ids.map((id) => [id]);
  const texts = await examination.attempt(scripts.getJobs, items, () => readJobs(partition, ids));
  const notes = new Map(
    (texts ?? []).filter(({ asked }) => asked !== '').map((job) => [job.id, seenByReaders(job)]),
  );
  await inBites(ids, (bite) => {
    const pairs = bite.map((id) => [id, notes.get(id) ?? '']);
    return examination.ask(scripts.examineJobs, pairs, [RESCUES_OTHERWISE]);
  });
}

/** Notes a job of another partition, of which nothing else is looked at. */
function isStray(examination: Examination, id: string): boolean {
  const place = examination.whole.numberOf(id);
  if (place === examination.number) return false;
  examination.strays.add(id);
  examination.note('wrong-partition', id, `its id says partition ${place}`, 'left');
  return true;
}
