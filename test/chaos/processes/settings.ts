import type { EngineOptions } from '../../../lib/core/options/engine-options.js';
import type { HandlerOptions } from '../../../lib/core/handlers/handler-options.js';
import type { RedisBackendOptions } from '../../../lib/redis/index.js';

/* What the tests and the processes they start tell each other. */

/** Where a process works, and where it writes down what it did. */
export interface Place {
  redis: RedisBackendOptions;
  /** Another Redis, which no fault ever hits. */
  witnessUrl: string;
}

export interface WorkerSettings extends Place {
  /** The names it handles, all in the same way: see `Work`. */
  names: string[];
  handler: HandlerOptions;
  engine: EngineOptions;
  /** A recurring job of each name, added at the start. */
  every?: string;
  /** It hears no news, and tells none. */
  deaf?: boolean;
}

/** What a handler is told to do by the data of its job. */
export interface Work {
  /** How long it takes. */
  ms?: number;
  /** Ends early, with an error, when its signal fires; otherwise it goes on. */
  obeys?: boolean;
  /** Kills its process. */
  deadly?: boolean;
  /** Does nothing, but takes room. */
  ballast?: string;
}

export interface ProducerSettings extends Place {
  name: string;
  data: Work;
  /** How many jobs in all; until SIGTERM when left out. */
  count?: number;
  /** This many at once, … */
  burst: number;
  /** … then so long a pause. It never waits for answers. */
  everyMs: number;
  /** Due in so many ms: by a delay, by a text, or by a date. Left out: now. */
  due?: { by: 'delay' | 'text' | 'date'; inMs: number };
}

/** Something that happened, as its process wrote it down. */
export interface Fact {
  kind:
    | 'started'
    | 'signalled'
    | 'returned'
    | 'completed'
    | 'failed'
    | 'dead'
    | 'interrupted'
    | 'lost'
    | 'stalled'
    | 'added'
    | 'refused'
    | 'error';
  /** By the clock of the machine, which is Redis's, too. */
  at: number;
  pid: number;
  id: string;
  name?: string;
  /** started: the number of the attempt. */
  attempt?: number;
  /** started, added: when the job is due. */
  dueAt?: number;
  /** started: when Redis handed it out, by its clock. */
  lockedAt?: number;
  /** added, refused: when it was asked for. */
  askedAt?: number;
  /** signalled, lost, dead, refused, error: the error's name, or a word of the store. */
  why?: string;
}

export type FactKind = Fact['kind'];
export const FACTS_KEY = 'facts';
