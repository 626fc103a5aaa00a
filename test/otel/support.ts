import {
  type Attributes,
  context,
  metrics,
  propagation,
  SpanKind,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

interface Point {
  readonly attributes: Attributes;
  readonly value: number | { readonly count: number };
}

export interface Sdk {
  /** Spans that have ended, in that order. */
  spans(): readonly ReadableSpan[];
  /** The only one of this name. */
  span(name: string): ReadableSpan;
  /** The points of a metric: their attributes, and a counter's value or a histogram's count. */
  points(metric: string): Promise<readonly { attributes: Attributes; value: number }[]>;
  tracerProvider: BasicTracerProvider;
  meterProvider: MeterProvider;
  stop(): Promise<void>;
}

/** The real SDK, registered as an application does, with exporters that keep everything. */
export function startSdk(): Sdk {
  const sdk = makeSdk();
  trace.setGlobalTracerProvider(sdk.tracerProvider);
  metrics.setGlobalMeterProvider(sdk.meterProvider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  );
  return sdk;
}

/** The same, and the API does not know of it. */
export function makeSdk(): Sdk {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
  });
  const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: points,
    exportIntervalMillis: 3_600_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    tracerProvider,
    meterProvider,
    spans: () => spans.getFinishedSpans(),
    span(name) {
      const found = spans.getFinishedSpans().filter((span) => span.name === name);
      expect(found.map((span) => span.name)).toEqual([name]);
      return found[0]!;
    },
    async points(metric) {
      await reader.forceFlush();
      const newest = points.getMetrics().at(-1);
      return (newest?.scopeMetrics ?? [])
        .flatMap((scope) => scope.metrics)
        .filter(({ descriptor }) => descriptor.name === metric)
        .flatMap(({ dataPoints }): readonly Point[] => dataPoints)
        .map(({ attributes, value }) => ({
          attributes,
          value: typeof value === 'number' ? value : value.count,
        }));
    },
    async stop() {
      for (const api of [trace, metrics, context, propagation]) api.disable();
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
    },
  };
}

export { SpanKind };
