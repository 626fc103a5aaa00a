import { UsageError } from './usage-error.js';

/**
 * What `--only` leaves: all whose label contains it, whatever the case of its letters.
 *
 * @throws UsageError when that is none of them
 */
export function chosen<Case extends { readonly label: string }>(
  cases: readonly Case[],
  only: string,
): Case[] {
  const wanted = only.toLowerCase();
  const found = cases.filter(({ label }) => label.toLowerCase().includes(wanted));
  if (found.length > 0) return found;
  const labels = cases.map(({ label }) => `  ${label}`).join('\n');
  throw new UsageError(`Nothing to measure contains "${only}". There is:\n${labels}`);
}
