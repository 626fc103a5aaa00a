import { methodAskedFor } from '../lock/change-lock.js';

/** What of a request for a change is the same on every platform. The body may be anything. */
export interface ChangeRequest {
  readonly params?: unknown;
  readonly body?: unknown;
  readonly user?: unknown;
}

export interface DescribedChange {
  readonly action: string;
  readonly targets: readonly string[];
}

const MOST_CHARACTERS = 256;
const MOST_TARGETS = 200;

/**
 * Which change a request asks for, and of what, also when it is refused before anybody has looked at it. Its path does
 * not tell: platforms take several spellings for one.
 */
export function describedChange(request: ChangeRequest): DescribedChange {
  const params = partsOf(request.params);
  const body = partsOf(request.body);
  const method = methodAskedFor(request) ?? '';
  switch (method) {
    case 'add':
      return { action: 'jobs/add', targets: textsOf([body.name]) };
    case 'change':
      return { action: `jobs/${textOf(params.action)}`, targets: textsOf([params.id]) };
    case 'changeMany':
      return { action: `jobs/${textOf(body.action)}`, targets: textsOf(body.ids) };
    case 'requeueDead':
      return { action: 'dead/requeue', targets: textsOf(body.names) };
    case 'purgeDead':
      return { action: 'dead/purge', targets: textsOf(body.names) };
    default: {
      const targets = textsOf([params.name]);
      return { action: targets.length > 0 ? `names/${method}` : method, targets };
    }
  }
}

const partsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : '';

const textsOf = (values: unknown): string[] =>
  Array.isArray(values)
    ? values
        .slice(0, MOST_TARGETS)
        .filter((value) => typeof value === 'string')
        .map(textOf)
    : [];
