import type { Finding, FindingCount, FindingLevel } from './finding.js';

/** So many of a kind are told one by one; of the others there is a number. */
const MOST_TOLD = 100;

interface OfCode {
  readonly level: FindingLevel;
  readonly told: Map<string, Finding>;
  found: number;
  open: number;
}

/** What was found so far. A walk may meet the same thing twice: it counts once, as far as it is told. */
export class Findings {
  private readonly byCode = new Map<string, OfCode>();

  add(finding: Finding): void {
    const { code, level, subject, message, partition, outcome } = finding;
    let ofCode = this.byCode.get(code);
    if (!ofCode) this.byCode.set(code, (ofCode = { level, told: new Map(), found: 0, open: 0 }));
    const key = `${partition ?? ''} ${subject} ${message}`;
    if (ofCode.told.has(key)) return;
    ofCode.found += 1;
    if (outcome !== 'mended') ofCode.open += 1;
    if (ofCode.told.size < MOST_TOLD) ofCode.told.set(key, finding);
  }

  /** By their kinds, in the order in which these were met; at most 100 of each. */
  get all(): Finding[] {
    return [...this.byCode.values()].flatMap(({ told }) => [...told.values()]);
  }

  get counts(): FindingCount[] {
    return [...this.byCode].map(([code, { level, found, open }]) => ({ code, level, found, open }));
  }
}
