import type { JobRepository } from '../../../lib/core/index.js';

type Verb = {
  [Key in keyof JobRepository]: JobRepository[Key] extends (...args: never[]) => unknown
    ? Key
    : never;
}[keyof JobRepository];

/** What goes wrong with a call. */
export type Fault =
  /** It never reaches the store. */
  | 'lost request'
  /** The store carries it out, and the answer is lost. */
  | 'lost reply'
  /** The store refuses it. */
  | Error
  /** It reaches the store only when this resolves. */
  | Promise<void>;

/** A repository that counts its calls, and fails on command as a driver does whose connection is gone. */
export interface FaultyRepository {
  readonly repository: JobRepository;
  /** How often a verb was called. */
  count(verb: Verb): number;
  /** The next calls fail so, or not at all. */
  failNext(verb: Verb, ...faults: (Fault | undefined)[]): void;
  /** Every call fails, until the returned function is called. */
  away(): () => void;
}

export function withFaults(inner: JobRepository): FaultyRepository {
  const counts = new Map<Verb, number>();
  const faults = new Map<Verb, (Fault | undefined)[]>();
  let isAway = false;
  const repository = new Proxy(inner, {
    get(target, verb: Verb) {
      const member: unknown = target[verb];
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        counts.set(verb, (counts.get(verb) ?? 0) + 1);
        const fault = isAway ? 'lost request' : faults.get(verb)?.shift();
        if (fault instanceof Error) throw fault;
        if (fault instanceof Promise) await fault;
        if (fault === 'lost request') throw new Error('read ECONNRESET');
        const answer: unknown = await member.apply(target, args);
        if (fault === 'lost reply') throw new Error('read ECONNRESET');
        return answer;
      };
    },
  });
  return {
    repository,
    count: (verb) => counts.get(verb) ?? 0,
    failNext: (verb, ...next) => void faults.set(verb, next),
    away() {
      isAway = true;
      return () => (isAway = false);
    },
  };
}
