import { MAX_BATCH } from '../contracts/job-broker.js';
import type { FindQuery, FindState, JobManager } from '../contracts/job-manager.js';
import type { JobsFilter } from '../contracts/job-parameters.js';
import type { JobRecord } from '../job/job-record.js';
import { nameTest, selectionOf, tagTest, type JobSelection } from '../query/job-selection.js';

/**
 * The jobs in some states that a filter means, state after state, in pages: none where it has no criterion. Who
 * lists ids gets them in whatever state they are.
 *
 * @param size - the most jobs of a page
 */
export async function* jobPages(
  manager: JobManager,
  filter: JobsFilter,
  states: readonly FindState[],
  size = MAX_BATCH,
): AsyncGenerator<readonly JobRecord[]> {
  const selection = selectionOf(filter);
  if (!selection) return;
  if (selection.ids) {
    yield* pagesById(manager, selection, selection.ids, size);
    return;
  }
  const names = await namesMeant(manager, selection);
  const { data } = filter;
  const { tags } = selection;
  for (const state of states) {
    yield* pagesOf(manager, {
      state,
      limit: size,
      ...(names && { names }),
      ...(data !== undefined && { data }),
      ...(tags && { tags }),
    });
  }
}

async function* pagesOf(
  manager: JobManager,
  query: FindQuery,
): AsyncGenerator<readonly JobRecord[]> {
  let cursor: string | undefined;
  do {
    const page = await manager.find({ ...query, ...(cursor !== undefined && { cursor }) });
    yield page.jobs;
    ({ cursor } = page);
  } while (cursor !== undefined);
}

async function* pagesById(
  manager: JobManager,
  { names, matchesData, tags }: JobSelection,
  ids: readonly string[],
  size: number,
): AsyncGenerator<readonly JobRecord[]> {
  const [hasName, hasTags] = [nameTest(names), tagTest(tags)];
  for (let from = 0; from < ids.length; from += size) {
    const { jobs } = await manager.query({ ids: ids.slice(from, from + size) });
    yield jobs.filter(
      (job) =>
        (hasName?.(job.name) ?? true) &&
        (matchesData?.(job.data) ?? true) &&
        (hasTags?.(job) ?? true),
    );
  }
}

/** `undefined`: all. */
async function namesMeant(
  manager: JobManager,
  { names: { listed, accepts } }: JobSelection,
): Promise<readonly string[] | undefined> {
  if (listed !== undefined || accepts === undefined) return listed;
  return [...(await manager.counts()).keys()].filter(accepts);
}
