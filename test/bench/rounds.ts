/**
 * Measures every case once per round, one after the other (A B C, A B C, …), so that what disturbs
 * the machine for a while disturbs all of them alike. The first round warms up and does not count.
 */
export async function interleave<Case extends { readonly label: string }, Result>(
  cases: readonly Case[],
  rounds: number,
  measure: (one: Case) => Promise<Result>,
): Promise<Map<Case, Result[]>> {
  const results = new Map<Case, Result[]>(cases.map((one) => [one, []]));
  for (let round = 0; round <= rounds; round++) {
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
