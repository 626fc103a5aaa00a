import type { Job, PromoteResult, RequeueResult } from '../core/index.js';
import { EXIT, type CommandIo, type ExitCode } from './command.js';
import { printJson } from './format/json.js';

/** What became of all jobs that a filter means. */
export interface BulkResult {
  readonly matched: number;
  readonly changed: number;
  /** Why it ended before the last one, if it did. */
  readonly stopped: 'aborted' | 'limit' | 'error' | undefined;
  readonly error: unknown;
}

/** Page after page, so that it can be stopped, and what was done is known however it ends. */
export async function changePages(
  pages: AsyncIterable<readonly Job[]>,
  { signal }: Pick<CommandIo, 'signal'>,
  change: (jobs: readonly Job[]) => Promise<number>,
): Promise<BulkResult> {
  let matched = 0;
  let changed = 0;
  try {
    for await (const jobs of pages) {
      if (signal.aborted) break;
      matched += jobs.length;
      changed += await change(jobs);
    }
  } catch (error) {
    if (matched === 0) throw error;
    return { matched, changed, stopped: 'error', error };
  }
  return { matched, changed, stopped: signal.aborted ? 'aborted' : undefined, error: undefined };
}

/** What the engine tells of its own walks. */
export function bulkResultOf(result: RequeueResult | PromoteResult): BulkResult {
  const { matched, stopped, error } = result;
  const changed = 'requeued' in result ? result.requeued : result.promoted;
  return { matched, changed, stopped, error };
}

/**
 * @param done - what was done, in a word: `cancelled`
 * @throws what ended it, once what was done before is told
 */
export function reportBulk(
  io: CommandIo,
  { json = false }: { readonly json?: boolean | undefined },
  done: string,
  { matched, changed, stopped, error }: BulkResult,
): ExitCode {
  if (json) printJson(io, { matched, changed, stopped: stopped ?? null });
  else {
    io.print(`${changed} ${changed === 1 ? 'job' : 'jobs'} ${done}.`);
    if (matched > changed) io.tell(`${matched - changed} more matched and stay as they are.`);
    if (stopped === 'aborted') io.tell('Stopped before the last one; what was done stays done.');
    if (stopped === 'limit') io.tell('There may be more: the limit was met.');
  }
  if (error !== undefined) throw error;
  return changed > 0 ? EXIT.done : EXIT.nothing;
}
