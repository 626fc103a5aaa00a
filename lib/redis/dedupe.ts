import type { Enqueued } from '../core/contracts/job-broker.js';
import type { Dedupe, DedupedJob } from '../core/job/job-record.js';
import { dedupeKey } from '../core/job/unique-key.js';
import { scripts } from './all-scripts.js';
import { dueText } from './due-text.js';
import { newFlags, newOwn } from './enqueue-codec.js';
import { packExtra, packName, packRest, packText } from './pack-record.js';
import { addedRecord, unpackRecord } from './record-codec.js';
import type { RedisStore } from './redis-store.js';
import { REPEAT_MARGIN_MS } from './row-saves.js';

/** See `dedupe-job.lua`. */
type Word = 'added' | 'mine' | 'duplicate' | 'replaced' | 'kept-for-next' | 'full' | 'away';

/** Adds a job with a key, or changes the one that holds it, however often the call is repeated. */
export async function dedupeJob(store: RedisStore, job: DedupedJob): Promise<Enqueued> {
  const [time, soon, word, id, asked, ...texts] = (await store.run(
    scripts.dedupeJob,
    dedupeArgs(store, job),
  )) as [string, string, Word, ...string[]];
  const clock = { now: Number(time), soon: Number(soon) };
  const [happened, lease, result] = texts as [string, string, string];
  if (word === 'full') {
    const refused = { maxQueued: Number(happened), queued: Number(asked) };
    return { job: addedRecord(job, clock), created: false, refused };
  }
  if (word === 'away') return { job: addedRecord(job, clock), created: false, isMisplaced: true };
  const record =
    asked === ''
      ? addedRecord({ ...job, id: id! }, clock)
      : unpackRecord(id!, asked!, happened, lease, result, clock.now);
  const created = word === 'added' || word === 'mine';
  const isChange = word === 'replaced' || word === 'kept-for-next';
  return { job: record, created, ...(isChange && { deduped: word }) };
}

function dedupeArgs({ options, messageHead }: RedisStore, job: DedupedJob): string[] {
  const { id, nonce, name, data, priority, due, dedupe, lastModifiedBy: by } = job;
  const extra = by === undefined ? null : packExtra({ lastModifiedBy: by });
  return [
    options.channelName,
    messageHead,
    nonce,
    String(options.retryForMs + REPEAT_MARGIN_MS),
    id,
    dueText(due),
    String(priority),
    String(newFlags(job)),
    name,
    `${packName(name)},${newOwn(job)}`,
    data ?? '',
    packRest('', extra),
    by === undefined ? '' : packText(by),
    dedupeKey(name, dedupe),
    ...modeArgs(dedupe),
  ];
}

function modeArgs(dedupe: Dedupe): string[] {
  switch (dedupe.mode) {
    case 'debounce': {
      const { forMs, maxWaitMs, leading } = dedupe;
      const most = maxWaitMs === undefined ? '' : String(Math.ceil(maxWaitMs));
      return [leading ? 'leading' : 'debounce', String(Math.ceil(forMs)), most, ''];
    }
    case 'latest':
      return ['latest', '', '', ''];
    case 'replace':
      return ['replace', '', '', dedupe.takes.join(' ')];
  }
}
