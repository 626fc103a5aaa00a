import type { JobDetail } from '../../../api/index.js';
import { Copy, Section, TimeAgo } from '../../components/index.js';

/** Why it failed last, also when it has succeeded since. */
export function JobFailure({ job }: { readonly job: JobDetail }) {
  const { failure } = job;
  if (failure === null) return null;
  const isOver = job.state === 'completed';
  const whole = failure.stack ?? `${failure.name}: ${failure.message}`;
  return (
    <Section
      title={isOver ? 'Failure before it succeeded' : 'Failure'}
      actions={<Copy text={whole} what="failure" />}
    >
      <div class={isOver ? 'job-failure over' : 'job-failure'}>
        <p class="failure-head">
          <strong>{failure.name}</strong> <TimeAgo at={job.failedAt} />
        </p>
        <p class="failure-message">{failure.message}</p>
        {failure.stack !== null && (
          <details>
            <summary>Stack</summary>
            <pre tabIndex={0}>{failure.stack}</pre>
          </details>
        )}
      </div>
    </Section>
  );
}
