import { EXIT, type CommandIo, type ExitCode } from './command.js';
import { printTable } from './format/job-table.js';
import { printJson } from './format/json.js';

/** What became of a job that was named by its id; `ok` when it is as it was wished. */
export interface IdChange {
  readonly id: string;
  readonly outcome: string;
}

export interface IdChanges {
  readonly changes: readonly IdChange[];
  /** What ended it before the last one. */
  readonly error: unknown;
}

/** One after the other, so that it can be stopped, and what was done is known however it ends. */
export async function changeEach(
  ids: readonly string[],
  { signal }: Pick<CommandIo, 'signal'>,
  change: (id: string) => Promise<string>,
): Promise<IdChanges> {
  const changes: IdChange[] = [];
  try {
    for (const id of new Set(ids)) {
      if (signal.aborted) break;
      changes.push({ id, outcome: await change(id) });
    }
    return { changes, error: undefined };
  } catch (error) {
    if (changes.length === 0) throw error;
    return { changes, error };
  }
}

/** @throws what ended it, once what was done before is told */
export function reportChanges(
  io: CommandIo,
  { json = false }: { readonly json?: boolean | undefined },
  { changes, error }: IdChanges,
): ExitCode {
  const changed = changes.filter(({ outcome }) => isChanged(outcome)).length;
  if (json) printJson(io, { changes, changed });
  else {
    const rows = changes.map(({ id, outcome }) => [id, outcome]);
    printTable(io, [{ title: 'ID' }, { title: 'OUTCOME' }], rows);
  }
  if (error !== undefined) throw error;
  if (changed === 0) return EXIT.nothing;
  return changed === changes.length ? EXIT.done : EXIT.failed;
}

/** A job that runs keeps the change for its next run: that is no failure. */
const isChanged = (outcome: string): boolean => outcome === 'ok' || outcome === 'kept-for-next';
