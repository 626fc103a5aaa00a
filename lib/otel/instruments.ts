import { type Counter, type Histogram, type MeterProvider, metrics } from '@opentelemetry/api';
import { VERSION } from '../core/index.js';
import { ERROR_TYPE, messaging } from './attributes.js';

export const PACKAGE = 'nestjs-agenda-redis';

/** As the conventions advise, in seconds. */
const DURATION_BOUNDARIES = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

interface Made {
  readonly by: MeterProvider;
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly duration: Histogram;
}

/** What is counted and measured, by job name. */
export class Instruments {
  private made: Made | undefined;

  /** @param provider - left out: the one that is registered when something is counted */
  constructor(private readonly provider: MeterProvider | undefined) {}

  sent(name: string, count: number, errorType: string | undefined): void {
    this.current.sent.add(count, attributesOf('send', name, errorType));
  }

  consumed(name: string): void {
    this.current.consumed.add(1, attributesOf('process', name, undefined));
  }

  processed(name: string, seconds: number, errorType: string | undefined): void {
    this.current.duration.record(seconds, attributesOf('process', name, errorType));
  }

  /** Instruments made before an SDK is registered would count for nobody, also afterwards. */
  private get current(): Made {
    const provider = this.provider ?? metrics.getMeterProvider();
    if (this.made?.by !== provider) this.made = makeInstruments(provider);
    return this.made;
  }
}

function makeInstruments(by: MeterProvider): Made {
  const meter = by.getMeter(PACKAGE, VERSION);
  return {
    by,
    sent: meter.createCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Jobs that were to be added.',
    }),
    consumed: meter.createCounter('messaging.client.consumed.messages', {
      unit: '{message}',
      description: 'Runs of handlers that began.',
    }),
    duration: meter.createHistogram('messaging.process.duration', {
      unit: 's',
      description: 'How long handlers took.',
      advice: { explicitBucketBoundaries: DURATION_BOUNDARIES },
    }),
  };
}

const attributesOf = (
  operation: 'send' | 'process',
  name: string,
  errorType: string | undefined,
) => ({
  ...messaging(operation, name),
  ...(errorType !== undefined && { [ERROR_TYPE]: errorType }),
});
