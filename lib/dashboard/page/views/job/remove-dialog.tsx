import { pathOfJob } from '../../api-client.js';
import { ConfirmDialog } from '../../components/index.js';
import type { ActionDialogProps } from './dialog-props.js';

/** Removes a job with all that is kept of it. */
export function RemoveDialog({ job, onClose, onDone }: ActionDialogProps) {
  return (
    <ConfirmDialog
      title={`Remove this job of “${job.name}”?`}
      confirm="Remove"
      danger
      path={pathOfJob(job.id, 'remove')}
      said="Removed."
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        {job.repeat === null ? '' : 'Its schedule ends with it. '}
        Its data, result, attempts and log go, too. This cannot be taken back.
      </p>
    </ConfirmDialog>
  );
}
