import type { OmittedResult } from '../job/job-record.js';
import type { JobVerdict } from '../job/verdict.js';

/** How a handler's attempt came out. */
export type Outcome =
  | {
      readonly kind: 'completed';
      /** What the handler returned. */
      readonly result: unknown;
      /** The same as JSON text, if it is to be kept and can be. */
      readonly encoded: string | undefined;
      /** It is to be kept, and cannot be. */
      readonly omitted?: OmittedResult;
    }
  | { readonly kind: 'failed'; readonly error: Error }
  /** The handler has decided itself what becomes of the job. */
  | { readonly kind: 'verdict'; readonly verdict: JobVerdict }
  /** It threw what its options (`isFailure`) do not take for a failure. */
  | { readonly kind: 'excused'; readonly error: Error }
  /** Ended by the host and not the handler's fault: the attempt does not count. */
  | { readonly kind: 'released' };

export const RELEASED: Outcome = { kind: 'released' };
