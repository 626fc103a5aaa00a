import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { isError } from '../core/index.js';
import { errorOf, failureOf } from '../core/job/thrown.js';
import { ERROR_TYPE } from './attributes.js';

/** A word for the kind of an error, of which there are few. */
export function errorTypeOf(thrown: unknown): string {
  return isError(thrown) ? failureOf(thrown).name : '_OTHER';
}

/** Whatever was thrown: reading it never throws. */
export function recordError(span: Span, thrown: unknown): void {
  if (!span.isRecording()) return;
  const failure = failureOf(errorOf(thrown));
  span.recordException(failure);
  span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
  span.setAttribute(ERROR_TYPE, errorTypeOf(thrown));
}
