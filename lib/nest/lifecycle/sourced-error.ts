import {
  InvalidDataError,
  InvalidJobError,
  InvalidOptionError,
  InvalidScheduleError,
} from '../../core/index.js';

/**
 * An error about something that stands in the code, with the place where it does: `@Every of Reports.nightly`. Others
 * are given back as they are.
 */
export function sourced(error: unknown, source: string): unknown {
  const cause = { cause: error };
  if (error instanceof InvalidScheduleError) {
    const { text, reason, examples } = error;
    return new InvalidScheduleError(text, `${reason} (${source})`, examples, cause);
  }
  if (error instanceof InvalidOptionError) {
    const { option, value, expected } = error;
    return new InvalidOptionError(`${option} in ${source}`, value, expected, cause);
  }
  if (error instanceof InvalidJobError) {
    const { part, value, remedy } = error;
    return new InvalidJobError(`${part} in ${source}`, value, remedy, cause);
  }
  if (error instanceof InvalidDataError) {
    const issues = error.issues.map(({ path, message }) => {
      return { path, message: `${message} (${source})` };
    });
    return new InvalidDataError(error.jobName, issues, cause);
  }
  return error;
}

/** Does something about what stands there. @throws what it throws, with the place */
export function atSource<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sourced(error, source);
  }
}
