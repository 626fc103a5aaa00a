import { useState } from 'preact/hooks';
import type { ScheduleView } from '../../../api/index.js';
import {
  Button,
  EmptyNote,
  FailureNote,
  Loading,
  PageHeader,
  Section,
} from '../../components/index.js';
import { ChangeScheduleDialog } from '../job/change-schedule-dialog.js';
import { Agenda } from './agenda-list.js';
import { ScheduleTable } from './schedule-table.js';
import { useSchedules } from './use-schedules.js';
import './schedules.css';

/** What recurs: a calendar of the runs to come, and each schedule with its rule. */
export function SchedulesView() {
  const { items: schedules, hasMore, isLoading, failure, loadMore, reload } = useSchedules();
  const [edited, setEdited] = useState<ScheduleView | null>(null);
  return (
    <>
      <PageHeader title="Schedules">What runs again and again, and when it runs next.</PageHeader>
      {failure !== null && <FailureNote failure={failure} onRetry={reload} />}
      {schedules === null && failure === null && <Loading what="the schedules" />}
      {schedules?.length === 0 && (
        <EmptyNote title="Nothing recurs.">
          Jobs recur that are added with <code>scheduler.every()</code> or declared with{' '}
          <code>@Every()</code>.
        </EmptyNote>
      )}
      {schedules !== null && schedules.length > 0 && (
        <>
          <Section title="Next runs">
            <Agenda schedules={schedules} />
          </Section>
          <Section title="All schedules">
            <ScheduleTable schedules={schedules} onChanged={reload} onEdit={setEdited} />
            {hasMore && (
              <Button busy={isLoading} onClick={loadMore}>
                Show more
              </Button>
            )}
          </Section>
        </>
      )}
      {edited !== null && (
        <ChangeScheduleDialog
          job={edited}
          onClose={() => setEdited(null)}
          onDone={() => {
            setEdited(null);
            reload();
          }}
        />
      )}
    </>
  );
}
