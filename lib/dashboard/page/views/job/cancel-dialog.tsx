import type { JobDetail } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { ConfirmDialog } from '../../components/index.js';

/** Takes a job away, also one that runs: its handler is told. */
export function CancelDialog(props: {
  readonly job: Pick<JobDetail, 'id' | 'name' | 'state'>;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { job, onClose, onDone } = props;
  return (
    <ConfirmDialog
      title={`Cancel this job of “${job.name}”?`}
      confirm="Cancel the job"
      danger
      reason={{
        label: 'Reason',
        hint: 'May be left empty. The handler and those who wait for the job are told.',
      }}
      path={pathOfJob(job.id, 'cancel')}
      said="Cancelled."
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {job.state === 'running'
          ? 'Its handler is told within a moment. What it has done elsewhere stays done.'
          : 'It will not run.'}{' '}
        The job is removed, and this cannot be taken back.
      </p>
    </ConfirmDialog>
  );
}
