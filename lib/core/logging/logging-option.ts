import type { AgendaBackend } from '../contracts/agenda-backend.js';
import type { JobLogger } from '../contracts/job-logger.js';
import { InvalidOptionError } from '../errors.js';
import { trueOrFalse } from '../options/checks.js';
import { checkKnownKeys } from '../options/known-keys.js';

/** Where the log of job events is kept, and of which jobs. */
export interface LoggingOptions {
  /** @default the backend's own */
  logger?: JobLogger;
  /** Whether the jobs of handlers that do not say are logged. @default true */
  default?: boolean;
}

/** What it asks of the handlers: which there are, and whether they want to be logged. */
interface LoggedHandlers {
  names(): string[];
  planFor(name: string): { readonly logging: boolean | undefined };
}

/** As given, checked; `undefined` when nothing is logged. */
export interface ResolvedLogging {
  readonly logger: JobLogger | 'of the backend';
  readonly byDefault: boolean;
}

const EXPECTED = 'true, false, a JobLogger, or { logger, default }';

/** @throws InvalidOptionError */
export function readLogging(value: unknown): ResolvedLogging | undefined {
  if (value === false) return undefined;
  if (value === true) return { logger: 'of the backend', byDefault: true };
  if (isLogger(value)) return { logger: value, byDefault: true };
  if (typeof value !== 'object' || value === null) {
    throw new InvalidOptionError('logging', value, EXPECTED);
  }
  checkKnownKeys('logging', value, ['logger', 'default']);
  const { logger, default: byDefault = true } = value as LoggingOptions;
  if (logger !== undefined && !isLogger(logger)) {
    const expected = 'a JobLogger, with log(), getLogs() and clearLogs()';
    throw new InvalidOptionError('logging.logger', logger, expected);
  }
  return {
    logger: logger ?? 'of the backend',
    byDefault: trueOrFalse('logging.default', byDefault),
  };
}

/**
 * The logger that the option names. Where it is off, the backend's serves the handlers that ask to be
 * logged by an option of their own; `undefined` when there is none of these either.
 *
 * @throws InvalidOptionError when it is the backend's, and that has none
 */
export function loggerOf(
  backend: Pick<AgendaBackend, 'name' | 'logger'>,
  logging: ResolvedLogging | undefined,
  handlers: LoggedHandlers,
): JobLogger | undefined {
  if (logging && logging.logger !== 'of the backend') return logging.logger;
  const asking = handlers.names().find((name) => handlers.planFor(name).logging);
  if (!logging && asking === undefined) return undefined;
  if (backend.logger) return backend.logger;
  const expected = `given a logger, since the ${backend.name} backend has none`;
  throw new InvalidOptionError(logging ? 'logging' : `${asking}.logging`, true, expected);
}

/** By its shape: loggers of other packages have other base classes. */
function isLogger(value: unknown): value is JobLogger {
  if (typeof value !== 'object' || value === null) return false;
  const { log, getLogs, clearLogs } = value as Record<string, unknown>;
  return [log, getLogs, clearLogs].every((method) => typeof method === 'function');
}
