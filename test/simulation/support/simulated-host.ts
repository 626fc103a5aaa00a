import { Engine } from '../../../lib/core/engine.js';
import { ConnectionError } from '../../../lib/core/errors.js';
import type { Job } from '../../../lib/core/job/job.js';
import { errorOf } from '../../../lib/core/job/thrown.js';
import type { JobName } from '../../../lib/core/job/job-types.js';
import { Link, never } from './link.js';
import { LEASE_MS, PROCESS_EVERY_MS } from './paces.js';
import type { SharedStore } from './shared-store.js';
import { after } from './virtual-time.js';
import type { Task, WorkLog } from './work-log.js';
import type { Random } from '../../support/random.js';

const SLOTS = 10;
const PER_NAME = 5;
/** More than any job will see: a simulated life is hard, and no job shall end as a dead letter for it. */
const MAX_RESCUES = 20;
/** Each pass of the memory store looks at every job it holds. */
const PRUNE_EVERY_MS = 10 * 60_000;

const START_AGAIN_MS = 1_000;

export interface HostPlan {
  readonly name: string;
  readonly jobNames: readonly JobName[];
}

/** One process with a worker host of the engine, which can be killed and cut off. */
export class SimulatedHost {
  private readonly link: Link;
  private readonly engine: Engine;
  private isDead = false;

  constructor(
    readonly plan: HostPlan,
    store: SharedStore,
    private readonly log: WorkLog,
    random: Random,
    report: (error: Error) => void,
  ) {
    this.link = new Link(random);
    this.engine = new Engine(
      store.reachedBy(this.link),
      {
        name: plan.name,
        lease: LEASE_MS,
        maxConcurrency: SLOTS,
        defaultConcurrency: PER_NAME,
        maxRescues: MAX_RESCUES,
        processEvery: PROCESS_EVERY_MS,
        retention: false,
        metrics: false,
      },
      { onUnheardError: report, pruneEveryMs: PRUNE_EVERY_MS },
    );
    for (const name of plan.jobNames) {
      this.engine.handlers.define(name, (job) => this.work(job as Job<Task>));
    }
  }

  async start(): Promise<void> {
    await this.engine.connect();
    await this.engine.workerHost.start();
  }

  /** The same as often as it takes, as whoever looks after processes does. */
  async startAtLast(): Promise<void> {
    try {
      await this.start();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      await after(START_AGAIN_MS);
      await this.startAtLast();
    }
  }

  stop(): Promise<void> {
    return this.engine.close();
  }

  /** The process is gone, without a word. */
  kill(): void {
    this.isDead = true;
    this.link.die();
    this.log.dies(this.plan.name);
  }

  cutOff(): void {
    this.link.cut();
  }

  reconnect(): void {
    this.link.mend();
  }

  private async work(job: Job<Task>): Promise<void> {
    const { name: host } = this.plan;
    this.log.begins(host, job, job.data);
    const isDone = await workFor(job.data.takesMs, job.signal);
    // What is dead does nothing any more.
    if (this.isDead) return never();
    this.log.ends(host, job.id, isDone);
    if (!isDone) throw errorOf(job.signal.reason);
  }
}

/** @returns false when it was asked to end before */
function workFor(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', asked);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', asked, { once: true });
  });
}
