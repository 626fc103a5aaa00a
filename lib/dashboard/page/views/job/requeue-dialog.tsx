import { useState } from 'preact/hooks';
import type { Changed, JobSummary, RequeueBody } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button, CheckField, Dialog, FormFailure, TextField } from '../../components/index.js';
import { JsonField } from '../../json/json-field.js';
import { useSubmit } from '../../use-submit.js';
import { useEditedJson } from './use-edited-json.js';

/** Brings a dead letter back, as it was or with other data. */
export function RequeueDialog(props: {
  readonly job: Pick<JobSummary, 'id' | 'name'> & { readonly data: unknown };
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { job, onClose, onDone } = props;
  const data = useEditedJson(job.data);
  const [runAt, setRunAt] = useState('');
  const [resetAttempts, setResetAttempts] = useState(true);
  const { isBusy, failure, run } = useSubmit();

  const submit = async () => {
    const edited = data.read();
    if (edited === undefined) return;
    const body: RequeueBody = {
      ...edited,
      ...(runAt.trim() !== '' && { runAt: runAt.trim() }),
      resetAttempts,
    };
    const path = pathOfJob(job.id, 'requeue');
    const answer = await run<Changed>(path, body, () => `Requeued a job of “${job.name}”.`);
    if (answer) onDone();
  };
  return (
    <Dialog
      title={`Requeue a job of “${job.name}”`}
      wide
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind="primary" busy={isBusy}>
          Requeue
        </Button>
      }
    >
      <JsonField label="Data" {...data.field} />
      <TextField
        label="Run at"
        value={runAt}
        onInput={setRunAt}
        placeholder="now"
        hint="Empty for now; or such as “in 5 minutes”, “tomorrow at 9am”, or an instant."
      />
      <CheckField
        label="Count its attempts anew"
        checked={resetAttempts}
        onChange={setResetAttempts}
      />
      <FormFailure message={failure} />
    </Dialog>
  );
}
