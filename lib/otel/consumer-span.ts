import {
  context,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { Job } from '../core/index.js';
import { ATTEMPT, MESSAGE_ID, messaging, OUTCOME } from './attributes.js';
import { errorTypeOf, recordError } from './errors.js';
import type { Instruments } from './instruments.js';
import { type RunEnd, runEndOf } from './run-end.js';

/** How the span of a run stands to that of its add. */
export type Relation = 'link' | 'child';

export interface ConsumerTools {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly parent: Relation;
}

/** Runs a handler inside a span that knows where its job was added. */
export async function traceRun(
  { tracer, instruments, parent }: ConsumerTools,
  job: Job,
  next: () => Promise<unknown>,
): Promise<unknown> {
  // Never the context of here, which is that of whoever claimed the job.
  const added = propagation.extract(ROOT_CONTEXT, job.context);
  const base = parent === 'child' ? added : trace.deleteSpan(added);
  const links = parent === 'child' ? [] : linksTo(added);
  const span = startSpan(tracer, job, links, base);
  const startedAt = performance.now();
  instruments.consumed(job.name);
  const end = (how: RunEnd) => {
    span.setAttribute(OUTCOME, how.outcome);
    if ('error' in how) recordError(span, how.error);
    span.end();
    const seconds = (performance.now() - startedAt) / 1_000;
    instruments.processed(job.name, seconds, 'error' in how ? errorTypeOf(how.error) : undefined);
  };
  try {
    const result = await context.with(trace.setSpan(base, span), next);
    end(runEndOf(job));
    return result;
  } catch (thrown) {
    end(runEndOf(job, { thrown }));
    throw thrown;
  }
}

function startSpan(tracer: Tracer, job: Job, links: Link[], base: Context): Span {
  return tracer.startSpan(
    `process ${job.name}`,
    {
      kind: SpanKind.CONSUMER,
      links,
      attributes: {
        ...messaging('process', job.name),
        [MESSAGE_ID]: job.id,
        [ATTEMPT]: job.attempt,
      },
    },
    base,
  );
}

function linksTo(added: Context): Link[] {
  const spanContext = trace.getSpanContext(added);
  return spanContext ? [{ context: spanContext }] : [];
}
