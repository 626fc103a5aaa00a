import { inspect } from 'node:util';
import { wholeNumber } from '../options/checks.js';
import { NO_HEADERS } from './job-headers.js';
import type {
  DeathReason,
  Deduped,
  HappenedFacts,
  JobHeaders,
  JobRecord,
  OmittedResult,
} from './job-record.js';
import { type JobAttrs, PROCESSOR_FIELDS, computeJobState, copyOfAttrs } from './job-attrs.js';
import type { JobHome, RunningAttempt } from './job-home.js';
import { toRow } from './job-row.js';
import { type JobState, computeState, isDead } from './job-state.js';
import { upcomingRuns } from './upcoming-runs.js';

/** A plain copy of a job, for logs and answers over HTTP. */
export interface JobJson<Data = unknown> {
  id: string;
  name: string;
  key: string | undefined;
  tags: readonly string[];
  data: Data;
  dataVersion: number;
  context: JobHeaders;
  priority: number;
  first: boolean;
  expiresAt: Date | undefined;
  state: JobState;
  attempt: number;
  rescueCount: number;
  releaseCount: number;
  snoozeCount: number;
  failCount: number;
  failReason: string | undefined;
  nextRunAt: Date | null;
  createdAt: Date;
  lockedAt: Date | null;
  lastRunAt: Date | null;
  lastFinishedAt: Date | null;
  failedAt: Date | null;
  disabled: boolean;
  type: 'normal' | 'single';
  repeatInterval: string | number | undefined;
  repeatTimezone: string | undefined;
  repeatAt: string | undefined;
  repeatKey: string | undefined;
  startDate: Date | undefined;
  endDate: Date | undefined;
  skipDays: number[] | undefined;
  /** What the newest run has told of how far it has come. */
  progress: unknown;
  result: unknown;
  resultOmitted: OmittedResult | undefined;
}

/**
 * What can be read of a job. It shows the job as it was when it was handed out, read or saved, with
 * what was written to `attrs` since.
 */
export class JobView<Data = unknown, Result = unknown> {
  /** @internal */
  protected record: JobRecord;
  /** @internal */
  protected readonly home: JobHome;
  /** @internal */
  protected readonly running: RunningAttempt | undefined;
  /** @internal */
  protected isCreated: boolean | undefined;
  private readonly wasDeduped: Deduped | undefined;
  // Most handlers look at the data alone: the fields are made for those who ask.
  private fields: JobAttrs<Data> | undefined;
  private neverFires: AbortSignal | undefined;
  /** Of a run that has just ended, as JSON: few look at it. */
  private resultText: string | undefined;
  /** What its handler sees as data, if that is not what is stored. */
  private presented: { readonly data: unknown } | undefined;

  /** @internal made by the scheduler and the worker host */
  constructor(
    record: JobRecord,
    home: JobHome,
    running?: RunningAttempt,
    created?: boolean,
    deduped?: Deduped,
  ) {
    this.record = record;
    this.home = home;
    this.running = running;
    this.isCreated = created;
    this.wasDeduped = deduped;
    this.fields = undefined;
    this.neverFires = undefined;
    this.resultText = undefined;
    this.presented = undefined;
  }

  /** The job's fields under Agenda's names. What is written to them counts at the next `save()`. */
  get attrs(): JobAttrs<Data> {
    return (this.fields ??= this.madeFields());
  }

  /**
   * On what scheduling answers, and after the first `save()`: false when this is a job that was in
   * place already; `undefined` where the store does not tell.
   */
  get created(): boolean | undefined {
    return this.isCreated;
  }

  /**
   * On what `now`, `schedule` and `enqueueMany` answer with `created: false`: what became of the call. `duplicate`: it
   * changed nothing. `replaced`: this job has taken from it what the mode of its `dedupe` says. `kept-for-next`: this
   * job runs, and will run once more, with the data of the newest such call.
   */
  get deduped(): Deduped | undefined {
    return this.wasDeduped;
  }

  /** Empty until the job is saved. */
  get id(): string {
    return this.record.id;
  }

  get name(): string {
    return this.record.name;
  }

  /** Which jobs of its name it shares limits with, where its name has limits per key. */
  get key(): string | undefined {
    return this.record.key;
  }

  /** By which `find` knows it; empty for none. */
  get tags(): readonly string[] {
    return this.record.tags ?? [];
  }

  /** Which version of its handler's input the data is, as it was stored: see `version` of handlers. */
  get dataVersion(): number {
    return this.record.version ?? 1;
  }

  /** What the one who added it gave along, such as tenant, locale and trace; empty for nothing. */
  get context(): JobHeaders {
    return Object.freeze(this.record.context ?? NO_HEADERS);
  }

  /** Whether it goes ahead of the others of its priority. */
  get first(): boolean {
    return this.record.first ?? false;
  }

  /** When it expires: it does not start from then on. `undefined` for never. */
  get expiresAt(): Date | undefined {
    const { expiresAt } = this.record;
    return expiresAt === undefined ? undefined : new Date(expiresAt);
  }

  /**
   * The handler's input, as JSON gives it back; `undefined` when the job was added without. In a handler with a
   * `schema` or a `version` it is what these have made of it, and `attrs.data` is what is stored.
   */
  get data(): Data {
    return (this.presented ?? this.fields ?? this.record).data as Data;
  }

  /** In a handler the number of this attempt, from 1; elsewhere how many have ended. */
  get attempt(): number {
    return this.running ? this.record.attempt + 1 : this.record.attempt;
  }

  /** How often the job has lost its process and was given to another. */
  get rescueCount(): number {
    return this.record.rescueCount;
  }

  /** How often a process that shut down has handed the job back: one that grows is a job no deploy lets end. */
  get releaseCount(): number {
    return this.record.releaseCount;
  }

  /** How often its handler has put the job off; of a recurring job this occurrence. */
  get snoozeCount(): number {
    return this.record.snoozeCount;
  }

  /** Failures since the last success. */
  get failCount(): number {
    return (this.fields ?? this.record).failCount ?? 0;
  }

  /** The message of the newest failure; it outlives a later success, as history. */
  get failReason(): string | undefined {
    return this.fields ? this.fields.failReason : this.record.failure?.message;
  }

  /** Why it is a dead letter; `undefined` when it is none, and where the store keeps no reasons. */
  get deadReason(): DeathReason | undefined {
    return isDead(this.record, this.home.now()) ? this.record.failure?.reason : undefined;
  }

  /** The planned time of the next run, in a handler of this one; `null` when none is planned. */
  get nextRunAt(): Date | null {
    return this.attrs.nextRunAt;
  }

  get createdAt(): Date {
    return new Date(this.record.createdAt);
  }

  get lockedAt(): Date | null {
    return this.attrs.lockedAt ?? null;
  }

  get lastRunAt(): Date | null {
    return this.attrs.lastRunAt ?? null;
  }

  get lastFinishedAt(): Date | null {
    return this.attrs.lastFinishedAt ?? null;
  }

  get failedAt(): Date | null {
    return this.attrs.failedAt ?? null;
  }

  get disabled(): boolean {
    return this.attrs.disabled ?? this.record.disabled;
  }

  get type(): 'normal' | 'single' {
    return this.attrs.type;
  }

  /** Of a recurring job: the interval or cron rule, as it was given. */
  get repeatInterval(): string | number | undefined {
    return this.attrs.repeatInterval;
  }

  get repeatTimezone(): string | undefined {
    return this.attrs.repeatTimezone;
  }

  /** What tells several rules of one name apart. */
  get repeatKey(): string | undefined {
    return this.attrs.repeatKey;
  }

  get catchUp(): 'latest' | 'skip' | undefined {
    return this.attrs.catchUp;
  }

  /**
   * When a recurring job runs next, as far as it is known now: its rule in its time zone, with all its limits. None of
   * a job that does not recur, is disabled, or has ended; a run under way is not among them.
   *
   * @param most - how many runs, 1 to 100
   * @throws InvalidOptionError; InvalidScheduleError for a rule of another writer that is not understood
   */
  upcoming(most = 1): Date[] {
    wholeNumber('most', most, 1, 100);
    return upcomingRuns(this.record, this.home.now(), most).map((at) => new Date(at));
  }

  /**
   * What the handler returned, as JSON gives it back; `undefined` also for what is not kept: see
   * {@link resultOmitted}.
   */
  get result(): Result | undefined {
    const { record, resultText } = this;
    return (resultText === undefined ? record.result : JSON.parse(resultText)) as
      Result | undefined;
  }

  /** Why the result is not kept; `undefined` when it is, or there is none. */
  get resultOmitted(): OmittedResult | undefined {
    return this.record.resultOmitted;
  }

  /** At the backend's present. */
  get state(): JobState {
    const now = this.home.now();
    return this.fields ? computeJobState(this.fields, now) : computeState(this.record, now);
  }

  /**
   * Fires when this attempt should end: with `JobTimeoutError`, `JobCancelledError`, `LeaseLostError`
   * or `ShutdownError` as its reason. Outside a handler it never fires.
   */
  get signal(): AbortSignal {
    if (this.running) return this.running.signal;
    return (this.neverFires ??= new AbortController().signal);
  }

  /** @internal whether its run has to end: without the price of a signal */
  get hasToEnd(): boolean {
    return this.running?.endReason !== undefined;
  }

  /** @internal throws why its run has to end, if it has to */
  throwIfEnded(): void {
    const reason = this.running?.endReason;
    if (reason) throw reason;
  }

  /**
   * In a handler: a number that grows with every attempt. Stored beside your own data
   * (`WHERE fence < ?`) it keeps a process that lost its job out of your database.
   */
  get fence(): number | undefined {
    return this.running?.fence;
  }

  /**
   * A plain copy of `attrs`, with Dates of its own; fields that are not set are left out.
   *
   * @param excludeProcessorFields - leaves out what runs write: `lockedAt`, `lastRunAt`,
   * `lastFinishedAt`, `failedAt`, `failCount`, `failReason` and `progress`
   */
  toJson(excludeProcessorFields = false): JobAttrs<Data> {
    return copyOfAttrs(this.attrs, excludeProcessorFields ? PROCESSOR_FIELDS : undefined);
  }

  /** A plain copy with everything that is known, for logs and answers over HTTP. */
  toJSON(): JobJson<Data> {
    const { priority, repeatAt, startDate, endDate, skipDays } = this.attrs;
    return {
      id: this.id,
      name: this.name,
      key: this.key,
      tags: this.tags,
      data: this.data,
      dataVersion: this.dataVersion,
      context: this.context,
      priority,
      first: this.first,
      expiresAt: this.expiresAt,
      state: this.state,
      attempt: this.attempt,
      rescueCount: this.rescueCount,
      releaseCount: this.releaseCount,
      snoozeCount: this.snoozeCount,
      failCount: this.failCount,
      failReason: this.failReason,
      nextRunAt: this.nextRunAt,
      createdAt: this.createdAt,
      lockedAt: this.lockedAt,
      lastRunAt: this.lastRunAt,
      lastFinishedAt: this.lastFinishedAt,
      failedAt: this.failedAt,
      disabled: this.disabled,
      type: this.type,
      repeatInterval: this.repeatInterval,
      repeatTimezone: this.repeatTimezone,
      repeatAt,
      repeatKey: this.repeatKey,
      startDate,
      endDate,
      skipDays,
      progress: this.record.progress ?? undefined,
      result: this.result,
      resultOmitted: this.resultOmitted,
    };
  }

  /** On a console a job is what it says, without the engine behind it. */
  [inspect.custom](): JobJson<Data> {
    return this.toJSON();
  }

  private madeFields(): JobAttrs<Data> {
    const fields = toRow(this.record) as JobAttrs<Data>;
    if (this.id === '') delete fields._id;
    return fields;
  }

  /** @internal whether `attrs.nextRunAt` says something else than what is known of the store */
  get isMoved(): boolean {
    if (!this.fields) return false;
    return (this.fields.nextRunAt?.getTime() ?? null) !== this.record.nextRunAt;
  }

  /** @internal what its handler sees as its data from now on; what is stored is another matter */
  present(data: unknown): void {
    this.presented = { data };
  }

  /** @internal what its run has just come to */
  returned(text: string | undefined, omitted: OmittedResult | undefined): void {
    this.resultText = text;
    this.record.result = undefined;
    if (omitted) this.record.resultOmitted = omitted;
    else if (this.record.resultOmitted) delete this.record.resultOmitted;
  }

  /** @internal what has happened to the job since, for whoever looks at this object */
  happened(facts: Partial<HappenedFacts>): void {
    Object.assign(this.record, facts);
    if (!this.fields) return;
    const fresh: Record<string, unknown> = { ...toRow(this.record) };
    for (const fact of Object.keys(facts)) {
      const field = fact === 'failure' ? 'failReason' : fact;
      if (!HAPPENED_FIELDS.has(field)) continue;
      if (fresh[field] === undefined) delete this.fields[field as keyof JobAttrs];
      else Object.assign(this.fields, { [field]: fresh[field] });
    }
  }
}

const HAPPENED_FIELDS: ReadonlySet<string> = new Set([
  ...PROCESSOR_FIELDS,
  'nextRunAt',
  'debounceStartedAt',
]);
