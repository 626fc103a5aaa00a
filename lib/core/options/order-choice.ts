import { parseClaimSort, TIME_FIRST, type ClaimOrder, type ClaimSort } from './claim-order.js';

/**
 * The order of claims of one backend: what its user gave, else what its first engine prefers, else
 * time first, as under npm `agenda`, which prefers nothing. It is fixed by its first use.
 */
export class OrderChoice {
  private chosen: ClaimOrder | undefined;

  /** @throws InvalidOptionError */
  constructor(given: ClaimSort | undefined) {
    if (given !== undefined) this.chosen = parseClaimSort(given);
  }

  /**
   * Comes too late when there is an order already.
   *
   * @throws InvalidOptionError
   */
  prefer(sort: ClaimSort): void {
    this.chosen ??= parseClaimSort(sort);
  }

  /** The order, which is the same from now on. */
  fix(): ClaimOrder {
    this.chosen ??= parseClaimSort(TIME_FIRST);
    return this.chosen;
  }
}
