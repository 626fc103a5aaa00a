import { useState } from 'preact/hooks';
import type { Changed, JobAction, JobDetail } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button } from '../../components/index.js';
import { hashOf, hashOfJob } from '../../router.js';
import { useShell } from '../../shell.js';
import { useChange } from '../../use-change.js';
import { useFocusAfterChange } from '../../use-focus-after-change.js';
import { goTo } from '../../use-route.js';
import { ActionDialog, type DialogAction } from './action-dialog.js';

interface ActionWords {
  readonly title: string;
  readonly kind?: 'primary' | 'danger';
}

/** In the order in which they stand. */
const ACTIONS: Readonly<Record<JobAction, ActionWords>> = {
  requeue: { title: 'Requeue…', kind: 'primary' },
  promote: { title: 'Run now', kind: 'primary' },
  'run-again': { title: 'Run again' },
  update: { title: 'Edit…' },
  reschedule: { title: 'Reschedule…' },
  'change-schedule': { title: 'Change schedule…' },
  enable: { title: 'Enable', kind: 'primary' },
  disable: { title: 'Disable' },
  cancel: { title: 'Cancel…', kind: 'danger' },
  remove: { title: 'Remove…', kind: 'danger' },
};

/** Those that are done at once, and what is said of them. All others ask first. */
const AT_ONCE: Partial<Record<JobAction, string>> = {
  promote: 'Due now: the next free slot takes it.',
  enable: 'Enabled.',
  disable: 'Disabled: it waits until it is enabled.',
};

/** What can be done to a job as it is now. */
export function JobActions(props: { readonly job: JobDetail; readonly onChanged: () => void }) {
  const { job, onChanged } = props;
  const { session } = useShell();
  const { isBusy, run } = useChange();
  const [open, setOpen] = useState<DialogAction | null>(null);
  const restoreFocus = useFocusAfterChange(job);
  if (session.readOnly || job.actions.length === 0) return null;

  const changed = () => {
    restoreFocus();
    onChanged();
  };
  const act = async (action: JobAction) => {
    const path = pathOfJob(job.id, action);
    if (action === 'run-again') {
      const answer = await run<Changed>(path, {}, 'Added another job like this one.');
      if (answer) goTo(hashOfJob(answer.id));
      return;
    }
    const said = AT_ONCE[action];
    if (said === undefined) return setOpen(action as DialogAction);
    if (await run(path, {}, said)) changed();
  };
  return (
    <div class="job-actions" role="group" aria-label="What can be done">
      {actionsOf(job).map((action) => {
        const { title, kind = 'plain' } = ACTIONS[action];
        return (
          <Button key={action} kind={kind} disabled={isBusy} onClick={() => void act(action)}>
            {title}
          </Button>
        );
      })}
      {open !== null && (
        <ActionDialog
          action={open}
          job={job}
          onClose={() => setOpen(null)}
          onDone={() => {
            setOpen(null);
            // Of what is gone there is nothing more to see here.
            if (open === 'cancel' || open === 'remove')
              goTo(hashOf('jobs', '', { name: job.name }));
            else changed();
          }}
        />
      )}
    </div>
  );
}

const actionsOf = (job: JobDetail): JobAction[] =>
  (Object.keys(ACTIONS) as JobAction[]).filter((action) => job.actions.includes(action));
