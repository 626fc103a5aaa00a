import { OUTPUT_LIMITS } from '../contracts/job-broker.js';
import type { JobManager, LinesPage } from '../contracts/job-manager.js';
import { checkText } from '../job/job-id.js';
import { trueOrFalse, wholeNumber } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { type CursorOwner, decodeCursor, encodeCursor } from '../query/find-cursor.js';
import type { JobLines, LinesOptions } from './upkeep-options.js';

const DEFAULT_LIMIT = 100;

/** What the handlers of a job have logged, a page of it. */
export async function linesOf(
  manager: JobManager,
  id: string,
  options: LinesOptions,
): Promise<JobLines | undefined> {
  checkText('id', id);
  checkKnownKeys('', options, ['limit', 'cursor', 'newestFirst']);
  const limit = wholeNumber('limit', options.limit ?? DEFAULT_LIMIT, 1, OUTPUT_LIMITS.lines);
  const newestFirst = trueOrFalse('newestFirst', options.newestFirst ?? false);
  const owner = { version: 'lines-1', filter: JSON.stringify([id, newestFirst]) };
  const { cursor } = options;
  const behind = cursor === undefined ? undefined : decodeCursor<number>(owner, cursor);
  const page = await manager.logs(id, { limit, behind, newestFirst });
  if (!page) return undefined;
  const texts = page.lines.map(({ text }) => text);
  return { lines: texts, cursor: cursorBehind(owner, page) ?? cursor, more: page.more };
}

function cursorBehind(owner: CursorOwner, { lines }: LinesPage): string | undefined {
  const last = lines.at(-1);
  return last && encodeCursor(owner, last.number);
}
