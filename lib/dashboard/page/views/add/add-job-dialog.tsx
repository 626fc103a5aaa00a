import { useState } from 'preact/hooks';
import type { AddBody, Changed } from '../../../api/index.js';
import { Button, Dialog, FormFailure, TextField } from '../../components/index.js';
import { JsonField } from '../../json/json-field.js';
import { hashOfJob } from '../../router.js';
import { useOfferedNames } from '../../use-offered-names.js';
import { goTo } from '../../use-route.js';
import { useSubmit } from '../../use-submit.js';
import { readPriority } from '../job/priority.js';
import { useEditedJson } from '../job/use-edited-json.js';

/** Asks for a new job and adds it. `name`: of which, when that is settled. */
export function AddJobDialog(props: { readonly name?: string; readonly onClose: () => void }) {
  const { onClose } = props;
  const [name, setName] = useState(props.name ?? '');
  const offered = useOfferedNames(name);
  const data = useEditedJson(null);
  const [runAt, setRunAt] = useState('');
  const [priority, setPriority] = useState('');
  const [errors, setErrors] = useState<Errors>({ name: null, priority: null });
  const { isBusy, failure, run } = useSubmit();

  const submit = async () => {
    const edited = data.read();
    const asked = readPriority(priority);
    const found: Errors = {
      name: name === '' ? 'A job needs a name.' : null,
      priority: 'error' in asked ? asked.error : null,
    };
    setErrors(found);
    if (edited === undefined || found.name !== null || 'error' in asked) return;
    const body: AddBody = {
      name,
      ...edited,
      ...(runAt.trim() !== '' && { runAt: runAt.trim() }),
      ...(asked.value !== undefined && { priority: asked.value }),
    };
    const answer = await run<Changed>('api/jobs', body, () => `Added a job of “${name}”.`);
    if (!answer) return;
    onClose();
    goTo(hashOfJob(answer.id));
  };
  return (
    <Dialog
      title="Add a job"
      wide
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind="primary" busy={isBusy}>
          Add
        </Button>
      }
    >
      <TextField
        label="Name"
        value={name}
        onInput={setName}
        error={errors.name}
        required
        suggestions={offered}
      />
      <JsonField label="Data" {...data.field} hint="JSON. May be left empty." />
      <div class="field-row">
        <TextField
          label="Run at"
          value={runAt}
          onInput={setRunAt}
          placeholder="now"
          hint="Such as “in 5 minutes” or “tomorrow at 9am”."
        />
        <TextField
          label="Priority"
          value={priority}
          onInput={setPriority}
          error={errors.priority}
          placeholder="as its handler says"
          hint="Higher runs first. low is −10, normal 0, high 10."
        />
      </div>
      <FormFailure message={failure} />
    </Dialog>
  );
}

interface Errors {
  readonly name: string | null;
  readonly priority: string | null;
}
