import type { StoredRow } from '../core/contracts/job-parameters.js';
import type { JobRepositoryOptions } from '../core/contracts/job-repository.js';
import { QueueFullError } from '../core/errors.js';
import { randomToken } from '../core/job/job-id.js';
import { leadingField, toRow, type AskedRow } from '../core/job/job-row.js';
import { bornRow } from '../core/job/row-birth.js';
import { scripts } from './all-scripts.js';
import { FLAG, versionFlags } from './keys.js';
import {
  packExtra,
  packHappened,
  packName,
  packOwn,
  packRest,
  packRule,
  packText,
} from './pack-record.js';
import { pendingOf, unpackRecord } from './record-codec.js';
import type { RedisStore } from './redis-store.js';

/** How much later than its deadline the last repeat of a save may reach Redis. */
export const REPEAT_MARGIN_MS = 60_000;
/** Leaves a fact of a job in place as it is. */
const AS_IT_IS = '=';

type Mode = 'insert' | 'update' | 'single' | 'unique' | 'insert-only';

/** What a save brings beside the row. */
export interface SavedBeside extends Pick<JobRepositoryOptions, 'key' | 'version' | 'context'> {
  /** Who writes. */
  readonly by: string | undefined;
}

/**
 * Saves a row in one step, whatever others do.
 *
 * @param id - its own; of a new row, the one that it gets if none is there in its place
 * @returns the row as stored afterwards, its `nextRunAt` the time that counts for who saves: of a run under
 *   way, when the next begins; `undefined` when there is none with that id and name; `away` when this partition
 *   may not have jobs of the name
 */
export async function saveRow(
  partition: RedisStore,
  row: AskedRow,
  id: string,
  beside: SavedBeside,
): Promise<StoredRow | undefined | 'away'> {
  const { channelName, retryForMs } = partition.options;
  const { by, key } = beside;
  const args = [channelName, partition.messageHead, ...asked(row, id, beside), randomToken()];
  const knownForMs = String(retryForMs + REPEAT_MARGIN_MS);
  const rest = [
    knownForMs,
    by === undefined ? '' : packText(by),
    ...debounce(row),
    numberOr('', row.happened.lockedAt),
    ...failures(row),
    key === undefined ? '' : '1',
  ];
  const [time, word, announced, savedId, record, state, lease = '', result] = await partition.run(
    scripts.saveJob,
    [...args, ...rest],
  );
  if (word === 'missing') return undefined;
  if (word === 'away') return word;
  if (word === 'full') throw new QueueFullError(row.name, Number(state), Number(record));
  const saved = unpackRecord(savedId!, record!, state!, lease, result, Number(time));
  const nextRunAt = pendingOf(lease) ?? saved.nextRunAt;
  if (announced === '1') partition.announced.add(saved.id, nextRunAt);
  // By the id, not by what was done: a repeated call finds the job that its first sending made.
  const isNew = row.id === undefined && savedId === id;
  return bornRow(toRow({ ...saved, nextRunAt }), isNew, saved.version);
}

function asked(row: AskedRow, id: string, { by, key, version, context }: SavedBeside): string[] {
  const mode = modeOf(row);
  const field = leadingField(row) ?? '';
  const { type, repeat, repeatOrigin } = row;
  const flags =
    (row.data === undefined ? 0 : FLAG.hasData) |
    (row.repeat === null ? 0 : FLAG.ruled) |
    (row.repeat?.interval === undefined ? 0 : FLAG.recurring) |
    (field === '' ? 0 : FLAG.keyed) |
    (row.fork ? FLAG.forked : 0) |
    versionFlags(version);
  return [
    mode,
    id,
    field,
    row.name,
    numberOr('', row.nextRunAt),
    String(row.priority),
    String(flags),
    row.disabled === undefined ? '' : row.disabled ? '1' : '0',
    `${packName(row.name)},${packOwn({ by, keys: field === '' ? undefined : [field], key, context })}`,
    packRest(row.data, packExtra({ type, repeat, repeatOrigin })),
    packRule(row.repeat),
    mode === 'update' ? '' : packHappened(row.happened),
  ];
}

function modeOf({ id, type, unique }: AskedRow): Mode {
  if (id !== undefined) return 'update';
  if (type === 'single') return 'single';
  if (unique === undefined) return 'insert';
  return unique.insertOnly && unique.debounce === undefined ? 'insert-only' : 'unique';
}

function debounce({ unique }: AskedRow): string[] {
  const asked = unique?.debounce;
  if (asked === undefined) return ['', '', ''];
  const { strategy, delayMs, maxWaitMs } = asked;
  return [strategy, String(delayMs), maxWaitMs === Infinity ? '' : String(maxWaitMs)];
}

/** Only of an update, and only as far as the row says anything. */
function failures(row: AskedRow): string[] {
  const { failedAt, failCount, failure } = row.id === undefined ? {} : row.failures;
  return [
    numberOr(AS_IT_IS, failedAt),
    failCount === undefined ? AS_IT_IS : String(failCount),
    failure === undefined ? AS_IT_IS : failure === null ? '' : JSON.stringify(failure),
  ];
}

/** An instant as text: empty for `null`, the other text when nothing is said. */
function numberOr(unsaid: string, at: number | null | undefined): string {
  if (at === undefined) return unsaid;
  return at === null ? '' : String(at);
}
