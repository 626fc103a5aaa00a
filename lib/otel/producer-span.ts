import {
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { AddCall, AddedJob } from '../core/index.js';
import { BATCH_COUNT, MESSAGE_ID, messaging } from './attributes.js';
import { errorTypeOf, recordError } from './errors.js';
import type { Instruments } from './instruments.js';

export interface ProducerTools {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
}

/** Adds jobs inside a span, whose context goes with them. */
export async function traceAdd(
  { tracer, instruments }: ProducerTools,
  { jobs }: AddCall,
  next: () => Promise<void>,
): Promise<void> {
  const span = startSpan(tracer, jobs);
  const within = trace.setSpan(context.active(), span);
  for (const { headers } of jobs) {
    // What is inherited from a running job tells of the add of that one.
    if (isSpanContextValid(span.spanContext())) drop(propagation.fields(), headers);
    propagation.inject(within, headers);
  }
  try {
    await context.with(within, next);
    count(instruments, jobs, undefined);
  } catch (thrown) {
    recordError(span, thrown);
    count(instruments, jobs, errorTypeOf(thrown));
    throw thrown;
  } finally {
    span.end();
  }
}

function startSpan(tracer: Tracer, jobs: readonly AddedJob[]): Span {
  const [first] = jobs;
  const name = jobs.every((job) => job.name === first?.name) ? first?.name : undefined;
  return tracer.startSpan(name === undefined ? 'send' : `send ${name}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      ...messaging('send', name),
      ...(jobs.length === 1 ? { [MESSAGE_ID]: first!.id } : { [BATCH_COUNT]: jobs.length }),
    },
  });
}

function drop(fields: readonly string[], headers: Record<string, string>): void {
  for (const field of fields) delete headers[field];
}

function count(
  instruments: Instruments,
  jobs: readonly AddedJob[],
  errorType: string | undefined,
): void {
  const counts = new Map<string, number>();
  for (const { name } of jobs) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [name, number] of counts) instruments.sent(name, number, errorType);
}
