import { useState } from 'preact/hooks';
import type { BulkAnswer, BulkBody } from '../../../api/index.js';
import { Button, ConfirmDialog, useToasts } from '../../components/index.js';
import { useChange } from '../../use-change.js';

interface BulkBarProps {
  readonly ids: readonly string[];
  readonly onDone: () => void;
  readonly onClear: () => void;
}

interface ActionWords {
  readonly action: BulkBody['action'];
  readonly title: string;
  readonly done: string;
  /** What it does, where it is asked for before. */
  readonly warning?: string;
}

const PATH = 'api/jobs/bulk';

const ACTIONS: readonly ActionWords[] = [
  { action: 'requeue', title: 'Requeue', done: 'Requeued' },
  { action: 'promote', title: 'Run now', done: 'Due now:' },
  { action: 'disable', title: 'Disable', done: 'Disabled' },
  { action: 'enable', title: 'Enable', done: 'Enabled' },
  {
    action: 'cancel',
    title: 'Cancel',
    done: 'Cancelled',
    warning: 'Those that wait are removed; those that run are told to stop.',
  },
  {
    action: 'remove',
    title: 'Remove',
    done: 'Removed',
    warning: 'They are gone for good, with their results and logs.',
  },
];

/** What can be done with all selected jobs at once. */
export function BulkBar({ ids, onDone, onClear }: BulkBarProps) {
  const change = useChange();
  const toasts = useToasts();
  const [asked, setAsked] = useState<ActionWords | null>(null);
  const wordsOf =
    ({ done }: ActionWords) =>
    (answer: BulkAnswer) =>
      `${done} ${answer.done} of ${ids.length}.`;
  const finish = (answer: BulkAnswer) => {
    if (answer.refused.length > 0) toasts.fail(refusedWords(answer));
    onDone();
  };
  const run = async (one: ActionWords) => {
    const body: BulkBody = { action: one.action, ids };
    const answer = await change.run<BulkAnswer>(PATH, body, wordsOf(one));
    if (answer !== undefined) finish(answer);
  };
  return (
    <div class="bulk" role="toolbar" aria-label="Selected jobs">
      <b aria-live="polite">{ids.length} selected</b>
      {ACTIONS.map((one) => (
        <Button
          key={one.action}
          small
          kind={one.warning ? 'danger' : 'plain'}
          busy={change.isBusy}
          onClick={() => (one.warning ? setAsked(one) : void run(one))}
        >
          {one.title}
        </Button>
      ))}
      <Button small kind="quiet" onClick={onClear}>
        Clear
      </Button>
      {asked && (
        <ConfirmDialog<BulkAnswer>
          title={`${asked.title} ${ids.length === 1 ? '1 job' : `${ids.length} jobs`}?`}
          confirm={asked.action === 'cancel' ? 'Cancel jobs' : 'Remove jobs'}
          danger
          path={PATH}
          body={{ action: asked.action, ids } satisfies BulkBody}
          said={wordsOf(asked)}
          onDone={finish}
          onClose={() => setAsked(null)}
        >
          <p>{asked.warning}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

/** Most have the same reason: each once. */
function refusedWords({ refused }: BulkAnswer): string {
  const whys = [...new Set(refused.map(({ why }) => why))];
  const shown = whys.slice(0, 3).join(' ');
  return `${refused.length} not changed. ${shown}${whys.length > 3 ? ' …' : ''}`;
}
