import type {
  HostInfo,
  JobScheduler,
  PausedNames,
  StateCounts,
  StoredLimits,
} from '../core/index.js';
import { emptyCounts } from '../core/job/job-state.js';
import { Remembered } from './remembered.js';

/** For how long what concerns all names is good, in ms. */
const GOOD_FOR_MS = 1_000;

/** What all adapters of a scheduler ask of it together, whatever the number of names. */
export class BoardStore {
  private static readonly all = new WeakMap<JobScheduler, BoardStore>();

  /** The one of this scheduler. */
  static of(scheduler: JobScheduler): BoardStore {
    const known = BoardStore.all.get(scheduler);
    if (known) return known;
    const made = new BoardStore(scheduler);
    BoardStore.all.set(scheduler, made);
    return made;
  }

  private readonly counts: Remembered<Record<string, StateCounts>>;
  private readonly pauses: Remembered<PausedNames>;
  private readonly limits: Remembered<Record<string, StoredLimits>>;
  private readonly liveHosts: Remembered<readonly HostInfo[]>;

  private constructor(readonly scheduler: JobScheduler) {
    this.counts = new Remembered(() => scheduler.counts(), GOOD_FOR_MS);
    this.pauses = new Remembered(() => scheduler.pauses(), GOOD_FOR_MS);
    this.limits = new Remembered(() => scheduler.listLimits(), GOOD_FOR_MS);
    this.liveHosts = new Remembered(() => scheduler.hosts(), GOOD_FOR_MS);
  }

  /** Names that have, or had, jobs. */
  async names(): Promise<readonly string[]> {
    return Object.keys(await this.counts.get());
  }

  async countsOf(name: string): Promise<StateCounts> {
    return (await this.counts.get())[name] ?? emptyCounts();
  }

  async isPaused(name: string): Promise<boolean> {
    const { all, names } = await this.pauses.get();
    return all !== undefined || Object.hasOwn(names, name);
  }

  async limitsOf(name: string): Promise<StoredLimits> {
    return (await this.limits.get())[name] ?? {};
  }

  /** The hosts that run this name. */
  async hostsOf(name: string): Promise<readonly HostInfo[]> {
    const hosts = await this.liveHosts.get();
    return hosts.filter(({ names }) => names.some((hosted) => hosted.name === name));
  }

  /** Does something after which nothing is as it was. */
  async change<Answer>(act: (scheduler: JobScheduler) => Promise<Answer>): Promise<Answer> {
    try {
      return await act(this.scheduler);
    } finally {
      for (const one of [this.counts, this.pauses, this.limits, this.liveHosts]) one.forget();
    }
  }
}
