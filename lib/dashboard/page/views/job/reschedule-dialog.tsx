import { useState } from 'preact/hooks';
import type { RescheduleBody } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button, Dialog, FormFailure, TextField } from '../../components/index.js';
import { absoluteTime } from '../../format.js';
import { useSubmit } from '../../use-submit.js';
import type { ActionDialogProps } from './dialog-props.js';

/** Gives a job that waits another time. */
export function RescheduleDialog({ job, onClose, onDone }: ActionDialogProps) {
  const [runAt, setRunAt] = useState('');
  const [error, setError] = useState<string | null>(null);
  const { isBusy, failure, run } = useSubmit();

  const submit = async () => {
    const isEmpty = runAt.trim() === '';
    setError(isEmpty ? 'Say when, such as “in 10 minutes”.' : null);
    if (isEmpty) return;
    const body: RescheduleBody = { runAt: runAt.trim() };
    const path = pathOfJob(job.id, 'reschedule');
    if (await run(path, body, () => 'It has another time now.')) onDone();
  };
  return (
    <Dialog
      title="Reschedule the job"
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind="primary" busy={isBusy}>
          Reschedule
        </Button>
      }
    >
      {job.nextRunAt !== null && <p>Until now it runs on {absoluteTime(job.nextRunAt)}.</p>}
      <TextField
        label="Run at"
        value={runAt}
        onInput={setRunAt}
        error={error}
        placeholder="in 10 minutes"
        hint="Such as “in 10 minutes”, “tomorrow at 9am”, or an instant like 2027-01-01T10:00:00Z."
      />
      <FormFailure message={failure} />
    </Dialog>
  );
}
