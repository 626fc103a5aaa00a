/** How a handler's attempt came out. */
export type Outcome =
  | {
      readonly kind: 'completed';
      /** What the handler returned. */
      readonly result: unknown;
      /** The same as JSON text, if it is to be kept and can be. */
      readonly encoded: string | undefined;
    }
  | { readonly kind: 'failed'; readonly error: Error }
  /** Ended by the host and not the handler's fault: the attempt does not count. */
  | { readonly kind: 'released' };

export const RELEASED: Outcome = { kind: 'released' };
