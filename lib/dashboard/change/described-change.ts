import { pathOfRequest } from '../answers.js';

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

/** Which change a request asks for, and of what, also when it is refused before anybody has looked at it. */
export function describedChange(request: ChangeRequest): DescribedChange {
  const params = partsOf(request.params);
  const body = partsOf(request.body);
  const steps = pathOfRequest(request).split('/');
  const last = steps.at(-1) ?? '';
  if (typeof params.id === 'string') {
    return { action: `jobs/${textOf(params.action)}`, targets: textsOf([params.id]) };
  }
  if (typeof params.name === 'string') {
    return { action: `names/${last}`, targets: textsOf([params.name]) };
  }
  if (last === 'bulk') return { action: `jobs/${textOf(body.action)}`, targets: textsOf(body.ids) };
  if (last === 'jobs') return { action: 'jobs/add', targets: textsOf([body.name]) };
  const isOfDead = steps.at(-2) === 'dead';
  return { action: isOfDead ? `dead/${last}` : last, targets: textsOf(body.names) };
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
