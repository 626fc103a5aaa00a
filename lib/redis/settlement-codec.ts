import type { Settlement } from '../core/contracts/job-broker.js';
import type { LeaseNotes } from './claim-codec.js';
import { dueText, instant } from './due-text.js';

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
      }
      body = settlement.result ?? '';
      break;
    case 'retry':
      if (settlement.fresh) kind = 'retry-fresh';
      argument = dueText(settlement.due);
      body = JSON.stringify(settlement.failure);
      break;
    case 'bury':
      body = JSON.stringify({ ...settlement.failure, reason: settlement.reason });
      break;
    case 'skip':
      argument = instant(settlement.nextRunAt);
      break;
    case 'release':
      argument = dueText({ delayMs: settlement.delayMs ?? 0 });
      break;
  }
  const manner = `${kind} ${settlement.afterExpiry ? 'late' : '-'} ${argument}`;
  args.push(lease.id, lease.token, manner, body);
}

/**
 * What the script must take care of when it removes the job: 'k' its keys; 'y' and its age, since the
 * add of a young one may be repeated. Roughly told, so that most of a batch are told alike.
 */
function removalNotes({ keyed = true, createdAt }: Partial<LeaseNotes>, now: number): string {
  const age = createdAt === undefined ? 0 : now - createdAt - CLOCK_MARGIN_MS;
  const atLeast = age < 1_000 ? 0 : 2 ** Math.floor(Math.log2(age));
  return `${keyed ? 'k' : ''}y${atLeast}`;
}
