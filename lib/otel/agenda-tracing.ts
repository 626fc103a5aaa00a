import { type MeterProvider, trace, type TracerProvider } from '@opentelemetry/api';
import { checkKnownKeys, InvalidOptionError, type JobMiddleware, VERSION } from '../core/index.js';
import { Instruments, PACKAGE } from './instruments.js';
import { traceAdd } from './producer-span.js';
import { type Relation, traceRun } from './consumer-span.js';

export interface AgendaTracingOptions {
  /**
   * How the span of a run stands to the span of the add: in a trace of its own with a link to it, or as its child in
   * the same trace, however much later that is.
   *
   * @default 'link'
   */
  parent?: Relation;
  /** @default the one registered with the API */
  tracerProvider?: TracerProvider;
  /** @default the one registered with the API */
  meterProvider?: MeterProvider;
}

/**
 * Spans and metrics of OpenTelemetry for the jobs of this process, by its conventions for messaging: to be listed in
 * the option `middleware`.
 *
 * - Each call that adds jobs is a span `send <name>`; its context travels with the jobs, in the format of the
 *   registered propagator.
 * - Each run of a handler is a span `process <name>`, and spans that the handler makes are its children. Whatever fails
 *   the attempt, or was thrown, is its error; a job that was put off, or handed back by a shutdown, has none.
 * - `messaging.client.sent.messages`, `messaging.client.consumed.messages` and `messaging.process.duration`.
 *
 * Job data and results are never told. Without an SDK nothing is recorded, and headers stay as they are.
 *
 * @throws InvalidOptionError
 * @example
 * AgendaRedisModule.forRoot({ middleware: [agendaTracing()] })
 */
export function agendaTracing(options: AgendaTracingOptions = {}): Required<JobMiddleware> {
  checkKnownKeys('agendaTracing', options, ['parent', 'tracerProvider', 'meterProvider']);
  const { parent = 'link', tracerProvider = trace, meterProvider } = options;
  if (parent !== 'link' && parent !== 'child') {
    throw new InvalidOptionError('agendaTracing.parent', parent, "'link' or 'child'");
  }
  const tracer = tracerProvider.getTracer(PACKAGE, VERSION);
  const instruments = new Instruments(meterProvider);
  return {
    add: (call, next) => traceAdd({ tracer, instruments }, call, next),
    run: (job, next) => traceRun({ tracer, instruments, parent }, job, next),
  };
}
