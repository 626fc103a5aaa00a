import type { Finding, FindingOutcome } from './finding.js';

/*
 * What the scripts that look at keys find, in words for people.
 */

interface Meaning {
  /** What is wrong, of whom, and what was seen. */
  readonly message: (subject: string, detail: string) => string;
  /** What to do where it cannot be mended. */
  readonly remedy?: string;
  readonly level?: 'warning' | 'unchecked';
}

const REMOVE = 'Look at it, and remove the job by its id (`remove`) when nobody needs it.';

const MEANINGS: Readonly<Record<string, Meaning>> = {
  misplaced: {
    message: (id, detail) => `Job ${id}: ${detail}.`,
  },
  miscounted: {
    message: (id, detail) => `Job ${id} ${detail}: counts and queries by state are wrong.`,
  },
  'half-running': {
    message: (id, detail) => `Job ${id} is half running: ${detail}.`,
  },
  'illegible-lease': {
    message: (id, detail) =>
      `The lease of job ${id} cannot be read, or is that of another name: ${detail}`,
  },
  'illegible-record': {
    message: (id, detail) => `The record of job ${id} cannot be read; ${detail}.`,
    remedy: REMOVE,
  },
  'wrong-flags': {
    message: (id, detail) => `The flags of job ${id} do not fit its record: ${detail}.`,
  },
  remains: {
    message: (id, detail) => `${detail} still tells of ${id}, which is no job any more.`,
  },
  'broken-line': {
    message: (subject, detail) => `Line of a key, ${subject}: ${detail}.`,
  },
  'broken-tag': {
    message: (id, detail) => `Job ${id} and its tag do not agree: ${detail}.`,
  },
  'broken-key': {
    message: (subject, detail) =>
      `Unique or idempotency key, ${subject}: ${JSON.stringify(detail)}.`,
    remedy: 'Two jobs have the same key. Remove one of them.',
  },
  'broken-expiry': {
    message: (id, detail) => `Job ${id} ${detail}.`,
  },
  'broken-retention': {
    message: (id, detail) => `Job ${id} has ended with a retention of its own, and ${detail}.`,
  },
  'unlisted-name': {
    message: (name) =>
      `The name "${name}" is not in the list of names: who walks over all names does not meet its jobs.`,
  },
  'late-name': {
    message: (name, detail) => `Jobs of "${name}" are due earlier than workers know (${detail}).`,
  },
  'broken-gate': {
    message: (name, detail) => `What holds "${name}" back: it ${detail}.`,
  },
  'broken-rate': {
    message: (subject, detail) => `Rate of ${subject}: ${detail}.`,
  },
  'illegible-settings': {
    message: (name, detail) => `The ${detail} of "${name}" cannot be read.`,
    remedy:
      'Start a worker that handles the name again: it registers what its handler says. Limits that were set by hand must be set, or removed, by hand.',
  },
  'forgotten-use': {
    message: (field, detail) =>
      `meta.${field} does not say what the store has (${detail}), so scripts do not look at it, or look in vain.`,
  },
  'counter-behind': {
    message: (field, detail) =>
      `The number meta.${field} was given before (${detail}): it would be given again.`,
  },
  'broken-events': {
    message: (subject, detail) => `The stream of events, ${subject}: ${detail}.`,
    remedy: 'Look who has written them, and rename the key away (RENAME).',
  },
  'broken-log': {
    message: (subject, detail) => `The log of jobs, ${subject}: ${detail}.`,
    remedy:
      'They take room and are found by nobody; `clearLogs()` of the scheduler removes the log.',
  },
  'wrong-partition': {
    message: (subject, detail) => `${subject}: ${detail}.`,
    remedy:
      'Nobody looks for it there. Stop all workers and producers, and change the number of partitions and back (`repartition`): each job goes where it belongs.',
  },
  'wrong-type': {
    message: (key, detail) => `The key ${key} is a ${detail}: scripts that need it fail.`,
    remedy: 'Look who has written it. Rename it away (RENAME), and run this again with --repair.',
  },
  'not-looked-at': {
    message: (script) =>
      `Some jobs or keys were not looked at (${script}): they need a key of the wrong type.`,
    remedy: 'See wrong-type, and look again.',
    level: 'unchecked',
  },
  'failed-look': {
    message: (script, detail) =>
      `Some jobs or keys were not looked at: ${script} failed, ${detail}`,
    remedy:
      'Look whether strangers have written to them. If not, that is a fault of this library: report it with this message.',
  },
  'mortal-key': {
    message: (key, detail) => `The key ${key} ${detail}: it will go, and all that is in it.`,
  },
  'lasting-key': {
    message: (key, detail) =>
      `The key ${key} should have a time to live, and ${detail}: it takes room for ever.`,
    level: 'warning',
  },
  'unknown-key': {
    message: (key, detail) => `The key ${key} is none of this store${detail}.`,
    remedy:
      'Another store may have a prefix that goes on where this one ends. Move it, or remove the key.',
    level: 'warning',
  },
};

/** A finding from what a script has told of it. */
export function keyFinding(
  code: string,
  subject: string,
  detail: string,
  outcome: FindingOutcome,
  partition: number | undefined,
): Finding {
  const { message, remedy, level = 'fault' } = MEANINGS[code]!;
  return {
    code,
    level,
    subject,
    message: message(subject, detail),
    outcome,
    ...(outcome === 'left' && remedy !== undefined && { remedy }),
    ...(partition !== undefined && { partition }),
  };
}
