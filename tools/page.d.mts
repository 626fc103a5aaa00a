/** Makes lib/dashboard/bundle.ts; writes nothing when it is what it was. */
export function writePage(): Promise<void>;
