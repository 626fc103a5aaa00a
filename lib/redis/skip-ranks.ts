import {
  MAX_ENTRIES,
  readStretches,
  type IndexPart,
  type Reading,
  type Start,
} from './index-stretch.js';

/** Halving a range of times of thousands of years down to a millisecond takes 48 steps. */
const MOST_STEPS = 48;

interface SkippedPart {
  readonly part: IndexPart & { readonly begin: number };
  readonly size: number;
}

/**
 * How many of each part stand before one score, such that together they are at most `count`, and almost
 * as many: so a deep page is reached by counting, not by reading what comes before it. Where very many
 * have one score, more may be left to be read than usual.
 */
export async function ranksBefore(
  reading: Reading,
  parts: readonly SkippedPart[],
  count: number,
): Promise<readonly number[]> {
  const starts = (startOf: (part: SkippedPart) => Start, entries: number) =>
    parts.map((one) => ({ of: one.part, start: startOf(one), count: entries }));
  const scoresAt = async (rankOf: (part: SkippedPart) => number) => {
    const stretches = await readStretches(
      starts((one) => ({ rank: rankOf(one) }), 1),
      reading,
    );
    return stretches.flatMap(({ entries }) => entries.map(({ score }) => score));
  };
  const heads = await scoresAt(({ part }) => part.begin);
  const tails = await scoresAt(({ part, size }) => part.begin + size - 1);
  const [least, greatest] = [Math.min(...heads, ...tails), Math.max(...heads, ...tails)];
  let [near, far] = reading.backwards ? [greatest, least] : [least, greatest];
  let ranks = parts.map(() => 0);
  for (let step = 0; step < MOST_STEPS; step++) {
    const middle = (near + far) / 2;
    const stretches = await readStretches(
      starts(() => ({ score: middle }), 0),
      reading,
    );
    const before = stretches.map((stretch, i) =>
      Math.max(stretch.before - parts[i]!.part.begin, 0),
    );
    const sum = before.reduce((total, rank) => total + rank, 0);
    if (sum > count) {
      far = middle;
      continue;
    }
    near = middle;
    ranks = before;
    if (count - sum <= MAX_ENTRIES) break;
  }
  return ranks;
}
