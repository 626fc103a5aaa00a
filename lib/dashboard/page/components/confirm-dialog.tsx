import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Said } from '../use-post.js';
import { useSubmit } from '../use-submit.js';
import { Button } from './button.js';
import { Dialog } from './dialog.js';
import { TextField } from './field.js';
import { FormFailure } from './form-failure.js';

interface ConfirmDialogProps<Answer> {
  readonly title: string;
  /** What will happen. */
  readonly children?: ComponentChildren;
  /** The word of the button that does it. */
  readonly confirm: string;
  readonly danger?: boolean;
  /** Asks for a reason, which may be left empty. */
  readonly reason?: { readonly label: string; readonly hint?: string };
  /** What is posted, with the reason if one was given. */
  readonly path: string;
  readonly body?: object;
  readonly said: Said<Answer>;
  /** Called when it is done; until then it stays, and tells why it was refused. */
  readonly onDone: (answer: Answer) => void;
  readonly onClose: () => void;
}

/** Asks before something is done, and does it. */
export function ConfirmDialog<Answer>(props: ConfirmDialogProps<Answer>) {
  const { title, confirm, danger, reason, path, body = {}, said, onDone, onClose } = props;
  const [given, setGiven] = useState('');
  const { isBusy, failure, run } = useSubmit();
  const submit = async () => {
    const why = given.trim() === '' ? {} : { reason: given.trim() };
    const answer = await run<Answer>(path, { ...body, ...why }, said);
    if (answer !== undefined) onDone(answer);
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind={danger ? 'danger' : 'primary'} busy={isBusy}>
          {confirm}
        </Button>
      }
    >
      {props.children}
      {reason && <TextField {...reason} value={given} onInput={setGiven} />}
      <FormFailure message={failure} />
    </Dialog>
  );
}
