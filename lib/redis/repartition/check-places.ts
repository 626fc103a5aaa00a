import { AgendaError } from '../../core/errors.js';
import { sharedByKey } from '../../core/job/placement.js';
import type { Layouts } from './layout.js';
import { hashPages } from './read-hash.js';
import { unpackRecord } from '../record-codec.js';

/** So many are told one by one. */
const MOST_TOLD = 20;

/** Jobs that would need two places at once: the store cannot have that many partitions while it has them. */
export class MisplacedJobsError extends AgendaError {
  /** @param examples - the first of them, and what each shares with others */
  constructor(
    readonly count: number,
    readonly examples: readonly string[],
  ) {
    const more = count > examples.length ? `\n  and ${count - examples.length} more` : '';
    super(
      `${count} jobs would need two places at once, and nothing was changed:\n  ${examples.join('\n  ')}${more}\n` +
        'Let them end and remove them, or, where the limits of a name are the reason, remove these first.',
    );
  }
}

/**
 * Looks whether each job can be where its id says, and with all that it shares something with.
 *
 * @throws MisplacedJobsError
 */
export async function checkPlaces(layouts: Layouts): Promise<void> {
  const found = { count: 0, examples: [] as string[] };
  const note = (id: string, why: string): void => {
    found.count += 1;
    if (found.examples.length < MOST_TOLD) found.examples.push(`job ${id}: ${why}`);
  };
  for (const { keys } of layouts.source.partitions) {
    await checkJobs(layouts, keys.jobs, note);
    await checkFields(layouts, keys.keys, keys.jobs, note);
  }
  if (found.count > 0) throw new MisplacedJobsError(found.count, found.examples);
}

type Note = (id: string, why: string) => void;

async function checkJobs(layouts: Layouts, jobs: string, note: Note): Promise<void> {
  for await (const page of hashPages(layouts.connection, jobs)) {
    for (const [id, asked] of page) {
      const facts = sharedBy(asked);
      if (!facts) continue;
      const { name, key } = facts;
      const place = layouts.ofJob(id);
      if (layouts.together.has(name)) {
        if (place !== layouts.ofName(name)) {
          note(id, `the limits of "${name}" hold its jobs together, and its id says another place`);
        }
      } else if (
        key !== undefined &&
        place !== layouts.target.numberOfShared(sharedByKey(name, key))
      ) {
        note(id, `it has the key "${key}" of "${name}", and its id says another place`);
      }
    }
  }
}

/** A record that a stranger has damaged shares nothing that could be told. */
function sharedBy(asked: string): { name: string; key: string | undefined } | undefined {
  try {
    const { name, key } = unpackRecord('', asked, '');
    return { name, key };
  } catch {
    return undefined;
  }
}

/** A key whose job is gone is held by time alone, and goes where it will be looked for. */
async function checkFields(
  layouts: Layouts,
  keys: string,
  jobs: string,
  note: Note,
): Promise<void> {
  const { connection } = layouts;
  for await (const page of hashPages(connection, keys)) {
    const odd = page.filter(([field, id]) => layouts.ofJob(id) !== layouts.ofField(field));
    if (odd.length === 0) continue;
    const records = await connection.commandAt(jobs, 'HMGET', jobs, ...odd.map(([, id]) => id));
    odd.forEach(([field, id], i) => {
      if ((records as (string | null)[])[i] === null) return;
      const [kind, name] = field.split('\n');
      note(id, `it has a key of "${name}" (${kind}), and its id says another place`);
    });
  }
}
