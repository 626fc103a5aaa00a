import { inheritedHeaders } from '../context/job-context.js';
import { AgendaError } from '../errors.js';
import type { ContextSource } from '../handlers/job-middleware.js';
import { readGivenHeaders, readHeaders, unlessEmpty } from '../job/job-headers.js';
import type { JobHeaders } from '../job/job-record.js';
import { errorOf, messageOf } from '../job/thrown.js';

/*
 * What a new job carries along, name by name, the nearest first: what its call says, then what the option `context`
 * says, then what the job carries that is running where the add is called.
 *
 * What a call says must be right. What comes by itself costs no job: where it is wrong it is reported and left out.
 * Where the store keeps none nothing is inherited.
 */
export class CarriedHeaders {
  constructor(
    private readonly source: ContextSource | undefined,
    private readonly tools: {
      /** Whether the store keeps headers. */
      readonly kept: boolean;
      report(error: Error): void;
    },
  ) {}

  /**
   * @param given - by the call; `null`: nothing shall be carried
   * @returns `undefined` for a job that carries nothing
   * @throws InvalidOptionError for what the call gives
   */
  of(name: string, given: unknown): JobHeaders | undefined {
    if (given === null) return undefined;
    const own = given === undefined ? undefined : readGivenHeaders('context', given);
    const inherited = this.tools.kept ? inheritedHeaders() : undefined;
    if (!this.source && !inherited) return unlessEmpty(own);
    const implied = this.laidOver(name, inherited, this.captured(name));
    return unlessEmpty(this.laidOver(name, implied, own));
  }

  private captured(name: string): JobHeaders | undefined {
    try {
      const headers: unknown = this.source?.(name);
      // An async function is a mistake; its rejection must not end the process.
      if (headers instanceof Promise) headers.catch(() => undefined);
      return headers === undefined ? undefined : readGivenHeaders('context', headers);
    } catch (thrown) {
      this.tools.report(leftOut(name, thrown));
      return undefined;
    }
  }

  /** The nearer alone, where both are too much together. */
  private laidOver(
    name: string,
    wider: JobHeaders | undefined,
    nearer: JobHeaders | undefined,
  ): JobHeaders | undefined {
    if (!wider || !nearer) return nearer ?? wider;
    try {
      return readHeaders('context', { ...wider, ...nearer });
    } catch (thrown) {
      this.tools.report(leftOut(name, thrown));
      return nearer;
    }
  }
}

function leftOut(name: string, thrown: unknown): AgendaError {
  const cause = errorOf(thrown);
  const message = `A new job "${name}" goes without the context it would have carried: ${messageOf(cause)}`;
  return new AgendaError(message, { cause });
}
