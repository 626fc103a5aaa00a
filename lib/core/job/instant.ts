/** The end of the year 9999, in ms: what lies behind it is a mistake, and soon no date any more. */
export const LATEST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
