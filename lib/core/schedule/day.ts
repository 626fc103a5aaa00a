import type { Temporal } from 'temporal-polyfill';

/** The day that a phrase names, whatever today is. */
export interface Day {
  /**
   * The dates it may mean, ascending. The first one that is still ahead is meant; where there is
   * only one, it is meant even when it has passed.
   */
  readonly dates: (today: Temporal.PlainDate) => readonly Temporal.PlainDate[];
  /** Whether it is counted from today by its name, as 'tomorrow' is. */
  readonly isCounted?: boolean;
  /** The date, where the year is written too. */
  readonly fixed?: Temporal.PlainDate;
}
