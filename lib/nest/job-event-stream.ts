import type { OnApplicationShutdown } from '@nestjs/common';
import { Observable, ReplaySubject, takeUntil } from 'rxjs';
import {
  JOB_EVENTS,
  nameOf,
  type DurableEvent,
  type EventStreamOptions,
  type JobEventMap,
  type JobEvents,
  type JobName,
  type JobScheduler,
  type LocalEventListener,
} from '../core/index.js';
import type { Spelled } from '../core/job/typed-names.js';

/** An event of this library, and which one it is. */
export type TypedJobEvent = {
  [Name in keyof JobEventMap]: { readonly type: Name } & JobEventMap[Name];
}[keyof JobEventMap];

/** Those in the words of Agenda come with other arguments, and with nothing that these do not tell. */
const AGENDA_EVENTS: readonly string[] = [
  'start',
  'progress',
  'success',
  'fail',
  'retry',
  'retry exhausted',
  'complete',
  'ready',
  'error',
];

const TYPES = JOB_EVENTS.filter((name) => !AGENDA_EVENTS.includes(name)) as (keyof JobEventMap)[];

/**
 * The events of an instance as rxjs has them. Without subscribers nothing is listened to. They complete when the
 * application shuts down, after its jobs have ended. What a subscriber throws disturbs no job and no other
 * subscriber: rxjs reports it (`config.onUnhandledError`), which by default ends the process.
 *
 * @example
 * constructor(stream: JobEventStream) {
 *   stream.on$('failed', 'send-welcome').subscribe(({ job, error }) => this.alert(job, error));
 * }
 */
export class JobEventStream implements OnApplicationShutdown {
  /** Remembers its end, for those who subscribe later. */
  private readonly ended = new ReplaySubject<void>(1);

  constructor(
    private readonly events: JobEvents,
    private readonly scheduler: JobScheduler,
  ) {}

  /** Every event of this process, with its name as `type`, in the order it is told. */
  get events$(): Observable<TypedJobEvent> {
    return this.untilTheEnd((tell) => {
      const ends = TYPES.map((type) =>
        this.listen(type, undefined, (event) => tell({ type, ...event } as TypedJobEvent)),
      );
      return () => ends.forEach((end) => end());
    });
  }

  /** One event of this process, of all jobs or of those of one name. An unknown event is an error of the subscription. */
  on$<Event extends keyof JobEventMap, Name extends JobName>(
    type: Event,
    name?: Spelled<Name>,
  ): Observable<JobEventMap[Event]> {
    const jobName = name && nameOf(name);
    return this.untilTheEnd((tell) => this.listen(type, jobName, tell));
  }

  /**
   * The durable stream of all processes: see `scheduler.events()`. Each subscriber reads it on its own, from `from`
   * on; an error of the iteration is an error here.
   */
  durable$(options: EventStreamOptions = {}): Observable<DurableEvent> {
    return new Observable<DurableEvent>((subscriber) => {
      const end = new AbortController();
      const { signal: given } = options;
      const signal = given ? AbortSignal.any([given, end.signal]) : end.signal;
      void forward(this.scheduler.events({ ...options, signal }), subscriber);
      return () => end.abort();
    }).pipe(takeUntil(this.ended));
  }

  onApplicationShutdown(): void {
    this.ended.next();
    this.ended.complete();
  }

  private untilTheEnd<Event>(
    subscribe: (tell: (event: Event) => void) => () => void,
  ): Observable<Event> {
    return new Observable<Event>((subscriber) => {
      return subscribe((event) => subscriber.next(event));
    }).pipe(takeUntil(this.ended));
  }

  private listen<Name extends keyof JobEventMap>(
    type: Name,
    jobName: string | undefined,
    tell: (event: JobEventMap[Name]) => void,
  ): () => void {
    const key = (jobName === undefined ? type : `${type}:${jobName}`) as Name;
    const listener = tell as LocalEventListener<Name>;
    this.events.onHere(key, listener);
    return () => this.events.off(key, listener);
  }
}

interface Receiver {
  next(event: DurableEvent): void;
  error(reason: unknown): void;
  complete(): void;
}

async function forward(events: AsyncIterable<DurableEvent>, receiver: Receiver): Promise<void> {
  try {
    for await (const event of events) receiver.next(event);
    receiver.complete();
  } catch (error) {
    receiver.error(error);
  }
}
