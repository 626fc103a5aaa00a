import { useState } from 'preact/hooks';
import type { Changed, UpdateBody } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button, Dialog, FormFailure, TextField } from '../../components/index.js';
import { JsonField } from '../../json/json-field.js';
import { useSubmit } from '../../use-submit.js';
import type { ActionDialogProps } from './dialog-props.js';
import { readPriority } from './priority.js';
import { useEditedJson } from './use-edited-json.js';

/** Changes data and priority of a job that has not ended. */
export function UpdateDialog({ job, onClose, onDone }: ActionDialogProps) {
  const data = useEditedJson(job.data);
  const [priority, setPriority] = useState(String(job.priority));
  const [error, setError] = useState<string | null>(null);
  const { isBusy, failure, run } = useSubmit();

  const submit = async () => {
    const edited = data.read();
    const asked = readPriority(priority);
    setError('error' in asked ? asked.error : null);
    if (edited === undefined || 'error' in asked) return;
    const isNew = asked.value !== undefined && asked.value !== job.priority;
    const body: UpdateBody = { ...edited, ...(isNew && { priority: asked.value }) };
    if (Object.keys(body).length === 0) return onClose();
    const path = pathOfJob(job.id, 'update');
    if (await run<Changed>(path, body, wordsOfUpdate)) onDone();
  };
  return (
    <Dialog
      title="Edit the job"
      wide
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind="primary" busy={isBusy}>
          Save
        </Button>
      }
    >
      {job.lease !== null && (
        <p class="hint">It runs now: what you change counts from its next run on.</p>
      )}
      <JsonField label="Data" {...data.field} />
      <TextField
        label="Priority"
        value={priority}
        onInput={setPriority}
        error={error}
        hint="Higher runs first. low is −10, normal 0, high 10."
      />
      <FormFailure message={failure} />
    </Dialog>
  );
}

function wordsOfUpdate({ outcome }: Changed): string {
  return outcome === 'kept-for-next' ? 'Saved: it counts from the next run on.' : 'Saved.';
}
