import { formatCount, formatDuration } from '../../format.js';

interface Rate {
  readonly max: number;
  readonly per: number;
  readonly spread?: boolean;
}

const WORDS: Readonly<Record<string, (value: unknown) => string>> = {
  globalConcurrency: (most) => `${count(most)} at once, in all processes`,
  rateLimit: (rate) => `${rateWords(rate as Rate)}`,
  keyConcurrency: (most) => `${count(most)} at once of each key`,
  keyOrder: () => 'One at a time of each key, in their order',
  keyRateLimit: (rate) => `${rateWords(rate as Rate)} of each key`,
  maxQueued: (most) => `${count(most)} may wait`,
};

/** A limit as the options of the library word it, in plain words. */
export function limitWords(key: string, value: unknown): string {
  return Object.hasOwn(WORDS, key) ? WORDS[key]!(value) : `${key}: ${JSON.stringify(value)}`;
}

function rateWords({ max, per, spread }: Rate): string {
  const starts = max === 1 ? '1 start' : `${formatCount(max)} starts`;
  return `${starts} in ${formatDuration(per)}${spread ? ', evenly spread' : ''}`;
}

function count(value: unknown): string {
  return formatCount(Number(value));
}
