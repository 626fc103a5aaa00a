import { useState } from 'preact/hooks';
import type { ChangeScheduleBody, JobSummary } from '../../../api/index.js';
import { pathOfJob } from '../../api-client.js';
import { Button, Dialog, FormFailure, TextField } from '../../components/index.js';
import { useSubmit } from '../../use-submit.js';
import { SchedulePreview } from './schedule-preview.js';

/** Gives a recurring job another rule, and shows what that means before it is saved. */
export function ChangeScheduleDialog(props: {
  readonly job: Pick<JobSummary, 'id' | 'name' | 'repeat'> & {
    readonly repeatTimezone: string | null;
  };
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { job, onClose, onDone } = props;
  const [interval, setInterval] = useState(job.repeat ?? '');
  const [timezone, setTimezone] = useState(job.repeatTimezone ?? '');
  const [error, setError] = useState<string | null>(null);
  const { isBusy, failure, run } = useSubmit();

  const submit = async () => {
    const isEmpty = interval.trim() === '';
    setError(isEmpty ? 'Give an interval or a cron rule.' : null);
    if (isEmpty) return;
    const body: ChangeScheduleBody = {
      interval: interval.trim(),
      ...(timezone.trim() !== '' && { timezone: timezone.trim() }),
    };
    const path = pathOfJob(job.id, 'change-schedule');
    if (await run(path, body, () => `“${job.name}” has another schedule now.`)) onDone();
  };
  return (
    <Dialog
      title={`Change the schedule of “${job.name}”`}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <Button type="submit" kind="primary" busy={isBusy}>
          Save
        </Button>
      }
    >
      <TextField
        label="Interval or cron rule"
        value={interval}
        onInput={setInterval}
        error={error}
        mono
        hint="Such as “5 minutes”, “0 2 * * *”, or “0 9 * * mon-fri”."
      />
      <TextField
        label="Time zone"
        value={timezone}
        onInput={setTimezone}
        suggestions={ZONES}
        hint="Such as Europe/Paris. Empty: as it was."
      />
      <SchedulePreview
        interval={interval.trim()}
        timezone={timezone.trim() || (job.repeatTimezone ?? '')}
      />
      <FormFailure message={failure} />
    </Dialog>
  );
}

const ZONES: readonly string[] = Intl.supportedValuesOf('timeZone');
