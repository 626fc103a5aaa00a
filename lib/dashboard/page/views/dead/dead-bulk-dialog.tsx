import { useState } from 'preact/hooks';
import type { DeadAnswer } from '../../../api/index.js';
import { Button, Dialog, FormFailure, TextField } from '../../components/index.js';
import { formatCount } from '../../format.js';
import { useSubmit } from '../../use-submit.js';
import {
  type DeadChoice,
  filterOf,
  readLimit,
  wordsOfAnswer,
  wordsOfFilter,
} from './dead-groups.js';

export interface DeadBulk {
  readonly action: 'requeue' | 'purge';
  readonly choice: DeadChoice;
}

/** Requeues or purges many dead letters, and tells what came of it. */
export function DeadBulkDialog(
  props: DeadBulk & { readonly onClose: () => void; readonly onChanged: () => void },
) {
  const { action, choice, onClose, onChanged } = props;
  const [limit, setLimit] = useState('1000');
  const [error, setError] = useState<string | null>(null);
  const [answer, setAnswer] = useState<DeadAnswer | null>(null);
  const { isBusy, failure, run } = useSubmit();
  const isPurge = action === 'purge';

  const submit = async () => {
    const asked = readLimit(limit);
    setError(asked === null ? 'Expected a whole number from 1 to 10,000.' : null);
    if (asked === null) return;
    const body = { ...filterOf(choice), limit: asked };
    const given = await run<DeadAnswer>(`api/dead/${action}`, body, (done) =>
      wordsOfAnswer(action, done),
    );
    if (!given) return;
    onChanged();
    if (given.more || given.changed < given.matched) setAnswer(given);
    else onClose();
  };
  const verb = isPurge ? 'Purge' : 'Requeue';
  return (
    <Dialog
      title={`${verb} dead letters`}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind={isPurge ? 'danger' : 'primary'} busy={isBusy}>
          {answer?.more ? `${verb} more` : verb}
        </Button>
      }
    >
      <p>
        {verb}s all {wordsOfFilter(choice)}, those that are not shown here included.{' '}
        {isPurge
          ? 'They are removed with their data and history. This cannot be taken back.'
          : 'They are due at once, and their attempts count anew.'}
      </p>
      <TextField
        label="At most"
        value={limit}
        onInput={setLimit}
        error={error}
        hint="From 1 to 10,000. If there are more, you are asked again."
      />
      <p role="status" class="dead-answer">
        {answer && wordsOfAnswer(action, answer)}
        {answer?.more && ` There are more than these ${formatCount(answer.matched)}.`}
      </p>
      <FormFailure message={failure} />
    </Dialog>
  );
}
