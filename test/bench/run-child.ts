import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Cost } from './meter.js';
import type { AddTask } from './roles/add-jobs.js';
import type { Asked, AskTask } from './roles/ask.js';
import type { DashboardTask, ShownDashboard } from './roles/show-dashboard.js';
import type { SendTask } from './roles/send-paced.js';
import type { StandByTask } from './roles/stand-by.js';
import type { StockStatesTask } from './roles/stock-states.js';
import type { StockTask } from './roles/stock-up.js';
import type { Steps, StepsTask } from './roles/take-steps.js';
import type { CrewTask, CrewWork } from './roles/work-as-crew.js';
import type { LimitedTask } from './roles/work-limited.js';
import type { Work, WorkTask } from './roles/work-off.js';

export type Task =
  | AddTask
  | WorkTask
  | SendTask
  | StockTask
  | StockStatesTask
  | AskTask
  | LimitedTask
  | CrewTask
  | DashboardTask
  | StandByTask
  | StepsTask;

export type ChildMessage =
  { readonly kind: 'ready' } | { readonly kind: 'result'; readonly result: unknown };

export interface Child<Result> {
  /** Resolves when a worker takes jobs. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended well. */
  readonly result: Promise<Result>;
}

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const STAYS_AFTER_MS = 10_000;

/** Starts a task in a process of its own. */
export function runChild(task: AddTask): Child<Cost>;
export function runChild(task: WorkTask): Child<Work>;
export function runChild(task: AskTask): Child<Asked>;
export function runChild(task: LimitedTask): Child<number[]>;
export function runChild(task: CrewTask): Child<CrewWork>;
export function runChild(task: StandByTask): Child<number>;
export function runChild(task: StepsTask): Child<Steps>;
export function runChild(task: DashboardTask): Child<ShownDashboard>;
export function runChild(task: SendTask | StockTask | StockStatesTask): Child<void>;
export function runChild(task: Task): Child<unknown> {
  const name = 'system' in task ? `${task.system}-${task.role}` : task.role;
  const child = fork(CHILD, [JSON.stringify(task)]);
  // Whoever ends the benchmark ends its processes.
  const kill = () => child.kill();
  process.once('exit', kill);

  let isReady!: () => void;
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const result = new Promise<unknown>((resolve, reject) => {
    let answer: ChildMessage | undefined;
    let stays: NodeJS.Timeout | undefined;
    child.on('message', (message: ChildMessage) => {
      if (message.kind === 'ready') return isReady();
      answer = message;
      stays = setTimeout(kill, STAYS_AFTER_MS);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(stays);
      process.off('exit', kill);
      if (code === 0 && answer?.kind === 'result') resolve(answer.result);
      else if (answer) reject(new Error(`${name} had a result but did not end.`));
      else reject(new Error(`${name} ended without a result (${signal ?? `code ${code}`}).`));
    });
  });
  return { ready, result };
}
