/**
 * Measures every case once per round, one after the other (A B C, A B C, …), so that what disturbs
 * the machine for a while disturbs all of them alike. Before them goes a round that does not count, unless `warmsUp`
 * is false.
 */
export async function interleave<Case extends { readonly label: string }, Result>(
  cases: readonly Case[],
  rounds: number,
  measure: (one: Case) => Promise<Result>,
  { warmsUp = true }: { readonly warmsUp?: boolean } = {},
): Promise<Map<Case, Result[]>> {
  const results = new Map<Case, Result[]>(cases.map((one) => [one, []]));
  for (let round = warmsUp ? 0 : 1; round <= rounds; round++) {
    for (const [i, one] of cases.entries()) {
      const which = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
      progress(`${which}, ${i + 1} of ${cases.length}: ${one.label}`);
      const result = await measure(one);
      if (round > 0) results.get(one)!.push(result);
    }
  }
  progress('');
  return results;
}

/** One line on a terminal that is overwritten; nothing elsewhere. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
