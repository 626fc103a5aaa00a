import type { Settlement } from '../core/contracts/job-broker.js';
import { inBrief } from '../core/job/attempt-history.js';
import type { Failure } from '../core/job/job-record.js';
import type { LeaseNotes } from './claim-codec.js';
import { dueText, instant } from './due-text.js';
import { packResult } from './pack-record.js';

/** How far our idea of the server's clock may be off. */
const CLOCK_MARGIN_MS = 1_000;

/** Adds the four arguments of a settlement: id, token, 'kind late argument', body. */
export function pushSettlement(args: string[], settlement: Settlement, now: number): void {
  const { lease } = settlement;
  let kind: string = settlement.kind;
  let argument = '';
  let body = '';
  switch (settlement.kind) {
    case 'completed':
      if (settlement.nextRunAt !== undefined) argument = instant(settlement.nextRunAt);
      else if (settlement.remove) {
        kind = 'removed';
        argument = removalNotes(lease as Partial<LeaseNotes>, now);
      } else if ((lease as Partial<LeaseNotes>).endsItsOwnWay ?? true) kind = 'completed-own';
      body = packResult(settlement.result, settlement.omitted);
      break;
    case 'retry':
      if (settlement.fresh) kind = 'retry-fresh';
      argument = dueText(settlement.due);
      body = failureBody(settlement.failure);
      break;
    case 'bury':
      if (settlement.remove) argument = removalNotes(lease as Partial<LeaseNotes>, now);
      body = failureBody({ ...settlement.failure, reason: settlement.reason });
      break;
    case 'skip':
      argument = instant(settlement.nextRunAt);
      break;
    case 'snooze':
      argument = dueText(settlement.due);
      break;
    case 'throttle':
      argument = String(Math.ceil(settlement.forMs));
      break;
    case 'release':
      break;
  }
  const manner = `${kind} ${settlement.afterExpiry ? 'late' : '-'} ${argument}`;
  args.push(lease.id, lease.token, manner, body);
}

/** The failure for the record, and behind a line break the shorter one for the history, if it is another. */
function failureBody(failure: Failure): string {
  const [full, brief] = [JSON.stringify(failure), JSON.stringify(inBrief(failure))];
  return brief.length === full.length ? full : `${full}\n${brief}`;
}

/**
 * What the script must take care of when it removes the job: 'k' its keys, or the line of its key; 'y' and its age, since the
 * add of a young one may be repeated. Roughly told, so that most of a batch are told alike.
 */
function removalNotes(
  { keyed = true, lined = true, createdAt }: Partial<LeaseNotes>,
  now: number,
): string {
  const age = createdAt === undefined ? 0 : now - createdAt - CLOCK_MARGIN_MS;
  const atLeast = age < 1_000 ? 0 : 2 ** Math.floor(Math.log2(age));
  return `${keyed || lined ? 'k' : ''}y${atLeast}`;
}
