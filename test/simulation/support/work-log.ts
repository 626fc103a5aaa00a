/** What a job of the simulation is about. */
export interface Task {
  /** When it should start: its time, or when it was added. */
  readonly dueAt: number;
  /** How long its handler works. */
  readonly takesMs: number;
}

export interface FirstStart {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly dueAt: number;
  readonly at: number;
}

/** What handlers did, as somebody sees it who looks at all processes at once. */
export class WorkLog {
  /** The first start of each job, in the order they came. */
  readonly firstStarts: FirstStart[] = [];
  /** Jobs that ran in two processes at the same time. */
  readonly overlaps: string[] = [];
  private readonly running = new Map<string, string>();
  private readonly runs = new Map<string, number>();
  private readonly toTheEnd = new Map<string, number>();
  private stoppedRuns = 0;
  private whenEnded: { readonly jobs: number; readonly resolve: () => void } | undefined;

  begins(host: string, job: { id: string; name: string }, { dueAt }: Task): void {
    const { id, name } = job;
    if (this.running.has(id)) this.overlaps.push(`${id}: ${this.running.get(id)} and ${host}`);
    this.running.set(id, host);
    const runs = this.runsOf(id) + 1;
    this.runs.set(id, runs);
    if (runs === 1) this.firstStarts.push({ id, name, host, dueAt, at: Date.now() });
  }

  /** @param isDone - its handler has done its work, and was not asked to end before */
  ends(host: string, id: string, isDone: boolean): void {
    if (this.running.get(id) === host) this.running.delete(id);
    if (!isDone) {
      this.stoppedRuns += 1;
      return;
    }
    this.toTheEnd.set(id, this.endsOf(id) + 1);
    if (this.whenEnded && this.toTheEnd.size >= this.whenEnded.jobs) this.whenEnded.resolve();
  }

  /** A process is gone, and all that ran in it. */
  dies(host: string): void {
    for (const [id, where] of this.running) if (where === host) this.running.delete(id);
  }

  /** How many handlers were asked to end, and did. */
  get stopped(): number {
    return this.stoppedRuns;
  }

  /** How often its handler was called. */
  runsOf(id: string): number {
    return this.runs.get(id) ?? 0;
  }

  /** How often its handler did all of its work. */
  endsOf(id: string): number {
    return this.toTheEnd.get(id) ?? 0;
  }

  /** Resolves when the work of so many more jobs is done. */
  untilDone(more: number): Promise<void> {
    const jobs = this.toTheEnd.size + more;
    return new Promise((resolve) => (this.whenEnded = { jobs, resolve }));
  }
}
