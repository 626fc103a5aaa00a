import type { HandlerPlan } from '../handlers/handler-plan.js';
import type { Attempt } from './attempt.js';

/** The attempt that a decision is about. */
export type Decided = Pick<Attempt, 'record' | 'lease'> & {
  readonly handler: { readonly plan: HandlerPlan };
};

/** What a decision may look at beside the attempt. */
export interface DecisionContext {
  /** By the backend's clock. */
  readonly now: number;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  /** Takes mistakes that do not decide: a backoff function that threw. */
  readonly report: (error: Error) => void;
}
