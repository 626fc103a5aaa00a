import { inJobContext } from '../context/job-context.js';
import { aroundRuns } from './around-runs.js';
import type { HandlerPlan } from './handler-plan.js';
import type { RunFunction } from './job-function.js';
import type { JobMiddleware } from './job-middleware.js';
import { withCheckedData } from './run-data.js';

/** What is around every handler of a process. */
export interface RunSurroundings {
  /** The first is the outermost. */
  readonly middleware: readonly JobMiddleware[];
  /** Takes warnings: a code, a message, and what it is about. */
  readonly warn: (code: string, message: string, about: string) => void;
}

/**
 * What an attempt calls: the handler, and around it whatever applies to its name. From the inside out: its data is
 * brought to its version and checked; middleware; the context of the job.
 */
export function composeRun(
  name: string,
  handler: RunFunction,
  plan: HandlerPlan,
  { middleware, warn }: RunSurroundings,
): RunFunction {
  const checked = withCheckedData(name, handler, plan, warn);
  return inJobContext(aroundRuns(middleware, checked));
}
