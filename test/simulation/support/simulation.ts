import { Engine } from '../../../lib/core/engine.js';
import { ConnectionError } from '../../../lib/core/errors.js';
import { Calls } from './calls.js';
import { told } from './told.js';
import { Link } from './link.js';
import type { Random } from '../../support/random.js';
import { SharedStore } from './shared-store.js';
import { type HostPlan, SimulatedHost } from './simulated-host.js';
import { after, VirtualTime } from './virtual-time.js';
import { type FirstStart, type Task, WorkLog } from './work-log.js';

export interface SimulationPlan {
  readonly seed: number;
  readonly partitions: number;
  readonly hosts: number;
  readonly names: number;
}

/** A job of the plan. */
export interface PlannedJob extends Task {
  readonly id: string;
  readonly name: string;
  readonly addedAt: number;
}

/** What goes wrong, and how often; each lasts from a tenth of `lastsMs` to all of it. */
export interface Trouble {
  readonly kind: 'crash' | 'cut';
  readonly everyMs: number;
  readonly lastsMs: number;
}

export interface Stretch {
  /** The first start of each job, in the order they came. */
  readonly starts: readonly FirstStart[];
  /** What was asked of the store meanwhile. */
  readonly calls: Calls;
  readonly forMs: number;
}

/** So many groups of hosts do different work: each name is handled by two of them. */
const CREWS = 10;
const ADD_EVERY_MS = 20;

/** Many processes on one store, in virtual time: real worker hosts, links that take time, and trouble. */
export class Simulation {
  readonly store: SharedStore;
  readonly log = new WorkLog();
  readonly errors: Error[] = [];
  readonly jobNames: readonly string[];
  private readonly random: Random;
  private readonly producer: Engine;
  private readonly hosts: SimulatedHost[];
  private isOver = false;
  private deaths = 0;
  private cuts = 0;

  private constructor(
    private readonly time: VirtualTime,
    private readonly plan: SimulationPlan,
  ) {
    this.random = time.random;
    this.store = new SharedStore(plan.partitions);
    this.jobNames = numbered('name', plan.names);
    const producing = this.store.reachedBy(new Link(this.random.fork()));
    this.producer = new Engine(producing, { name: 'producer', worker: false, metrics: false });
    this.hosts = Array.from({ length: plan.hosts }, (_, i) => this.newHost(this.planOf(i)));
  }

  /** Everything stands by, and nothing is counted yet. */
  static async start(plan: SimulationPlan): Promise<Simulation> {
    const time = VirtualTime.start(plan.seed);
    const simulation = new Simulation(time, plan);
    await time.until(
      Promise.all([simulation.producer.connect(), ...simulation.hosts.map((host) => host.start())]),
    );
    return simulation;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    const engines = [this.producer.close(), ...this.hosts.map((host) => host.stop())];
    await this.time.until(Promise.all(engines));
    this.time.stop();
  }

  /** Adds jobs at their times, and lets time pass until all have been run. @returns what is seen of that */
  async run(jobs: readonly PlannedJob[]): Promise<Stretch> {
    const first = this.log.firstStarts.length;
    const done = this.log.untilDone(jobs.length);
    const from = Date.now();
    const calls = await this.counted(Promise.all([this.add(jobs), done]));
    const forMs = Date.now() - from;
    return { starts: this.log.firstStarts.slice(first), calls, forMs };
  }

  /** Lets so many milliseconds pass. @returns what was asked of the store meanwhile */
  pass(ms: number): Promise<Calls> {
    return this.counted(after(ms));
  }

  /** From now on hosts get into trouble, until the returned function is called. */
  beginTrouble(...troubles: readonly Trouble[]): () => void {
    let isOn = true;
    const goesOn = () => isOn && !this.isOver;
    for (const trouble of troubles) void this.makeTrouble(trouble, this.random.fork(), goesOn);
    return () => (isOn = false);
  }

  /** Where figures are asked for, they are written down. */
  tell(figures: Readonly<Record<string, Calls | Stretch>>): void {
    if (process.env.SIMULATION_FIGURES) process.stdout.write(told(figures, this.plan));
  }

  get seen(): { readonly deaths: number; readonly cuts: number } {
    return { deaths: this.deaths, cuts: this.cuts };
  }

  private async counted(end: Promise<unknown>): Promise<Calls> {
    const calls = new Calls();
    this.store.countIn(calls);
    await this.time.until(end);
    return calls;
  }

  private async add(jobs: readonly PlannedJob[]): Promise<void> {
    const sorted = jobs.toSorted((a, b) => a.addedAt - b.addedAt);
    const calls: Promise<unknown>[] = [];
    for (let next = 0; next < sorted.length;) {
      const batch: PlannedJob[] = [];
      while (next < sorted.length && sorted[next]!.addedAt <= Date.now())
        batch.push(sorted[next++]!);
      if (batch.length > 0) calls.push(this.producer.scheduler.enqueueMany(batch.map(inputOf)));
      await after(ADD_EVERY_MS);
    }
    await Promise.all(calls);
  }

  private async makeTrouble(
    { kind, everyMs, lastsMs }: Trouble,
    random: Random,
    goesOn: () => boolean,
  ): Promise<void> {
    for (;;) {
      await after(random.between(everyMs / 2, everyMs * 1.5));
      if (!goesOn()) return;
      const forMs = random.between(lastsMs / 10, lastsMs);
      const at = random.between(0, this.hosts.length - 1);
      void (kind === 'crash' ? this.crash(at, forMs) : this.cutOff(at, forMs));
    }
  }

  /** A process ends without a word; after a while another one begins in its place. */
  private async crash(at: number, forMs: number): Promise<void> {
    const dead = this.hosts[at]!;
    dead.kill();
    this.deaths += 1;
    const next = this.newHost({ ...dead.plan, name: `${dead.plan.name}+` });
    this.hosts[at] = next;
    await after(forMs);
    if (!this.isOver) await next.startAtLast();
  }

  private async cutOff(at: number, forMs: number): Promise<void> {
    const host = this.hosts[at]!;
    host.cutOff();
    this.cuts += 1;
    await after(forMs);
    host.reconnect();
  }

  private newHost(plan: HostPlan): SimulatedHost {
    return new SimulatedHost(plan, this.store, this.log, this.random.fork(), (error) => {
      if (!(error instanceof ConnectionError)) this.errors.push(error);
    });
  }

  private planOf(i: number): HostPlan {
    const crew = i % CREWS;
    const isOurs = (n: number) => n % CREWS === crew || (n + 1) % CREWS === crew;
    return {
      name: numbered('host', this.plan.hosts)[i]!,
      jobNames: this.jobNames.filter((_, n) => isOurs(n)),
    };
  }
}

const inputOf = ({ id, name, dueAt, takesMs, addedAt }: PlannedJob) => ({
  name,
  data: { dueAt, takesMs },
  ...(dueAt > addedAt && { when: dueAt }),
  options: { id },
});

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${word}-${String(i).padStart(3, '0')}`);
