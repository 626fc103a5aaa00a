/** What stands in place of values that are not shown. */
export const MASK = '•••';
