import { decimals, table, times, whole } from '../table.js';
import type { GoalName } from './goal-name.js';

export type Bound = { readonly atLeast: number } | { readonly atMost: number };

/** One thing that a goal wants, and what was found. */
export interface Check {
  readonly goal: GoalName;
  readonly what: string;
  readonly bound: Bound;
  /** What the number counts; without it, it is a ratio to something. */
  readonly unit?: 'ms' | 'jobs/s' | 'commands/s';
  /** What it is a ratio to. */
  readonly to?: string;
  /** Not a number where it could not be measured. */
  readonly measured: number;
}

/** Whatever could not be measured is missed. */
export const isMet = ({ bound, measured }: Check): boolean =>
  'atLeast' in bound ? measured >= bound.atLeast : measured <= bound.atMost;

export function showChecks(checks: readonly Check[]): string {
  const lines = checks.map((check) => [
    check.goal,
    check.what,
    wanted(check),
    Number.isNaN(check.measured) ? 'not measured' : amount(check.measured, check),
    isMet(check) ? 'met' : 'MISSED',
  ]);
  const missed = checks.filter((check) => !isMet(check)).length;
  const summary = `${checks.length - missed} of ${checks.length} met.`;
  return `${table(['goal', 'what', 'wanted', 'measured', ''], lines)}\n\n${summary}\n`;
}

function wanted({ bound, unit, to }: Check): string {
  const [sign, value] = 'atLeast' in bound ? ['≥', bound.atLeast] : ['≤', bound.atMost];
  const number = value.toLocaleString('en-US');
  return unit ? `${sign} ${number} ${unit}` : `${sign} ${number} × ${to ?? ''}`.trimEnd();
}

function amount(value: number, { unit }: Check): string {
  if (!unit) return times(value);
  return `${value >= 100 ? whole(value) : decimals(value, 2)} ${unit}`;
}
