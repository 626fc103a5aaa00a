import type { MinutePoint } from '../../../api/index.js';
import { Chart, Section } from '../../components/index.js';

/** The last hour, minute by minute: how much ran, how long it waited, and how long it took. */
export function MinuteCharts({ points }: { readonly points: readonly MinutePoint[] }) {
  const times = points.map(({ at }) => at);
  return (
    <div class="charts">
      <Section title="Throughput">
        <div class="panel">
          <Chart
            label="Attempts that ended in each minute of the last hour"
            kind="bars"
            unit="count"
            times={times}
            series={[
              { name: 'Completed', tone: 'first', values: points.map((point) => point.completed) },
              { name: 'Failed', tone: 'bad', values: points.map((point) => point.failed) },
            ]}
          />
        </div>
      </Section>
      <Section title="Latency">
        <div class="panel">
          <Chart
            label="From due to start, in each minute of the last hour"
            kind="lines"
            unit="ms"
            times={times}
            series={[
              { name: 'Mean wait', tone: 'first', values: points.map((point) => point.waitMeanMs) },
              {
                name: 'Longest wait',
                tone: 'second',
                values: points.map((point) => point.waitMaxMs),
              },
            ]}
          />
        </div>
      </Section>
      <Section title="Run time">
        <div class="panel">
          <Chart
            label="How long handlers took, in each minute of the last hour"
            kind="lines"
            unit="ms"
            times={times}
            series={[
              { name: 'Mean run', tone: 'first', values: points.map((point) => point.runMeanMs) },
              {
                name: 'Longest run',
                tone: 'second',
                values: points.map((point) => point.runMaxMs),
              },
            ]}
          />
        </div>
      </Section>
    </div>
  );
}
