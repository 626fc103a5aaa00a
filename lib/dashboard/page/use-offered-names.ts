import { useOverview } from './shell.js';

/** Browsers draw all that is offered. */
const MOST = 200;

/** The job names that are offered while one is typed. */
export function useOfferedNames(typed: string): readonly string[] {
  return (useOverview()?.names ?? [])
    .map(({ name }) => name)
    .filter((name) => name.includes(typed))
    .slice(0, MOST);
}
