import { useState } from 'preact/hooks';
import type { JobSummary } from '../../../api/index.js';
import {
  Button,
  EmptyNote,
  FailureNote,
  Loading,
  PageHeader,
  SelectField,
} from '../../components/index.js';
import { formatCount } from '../../format.js';
import { hashOf } from '../../router.js';
import { useOverview, useShell } from '../../shell.js';
import { useFocusAfterChange } from '../../use-focus-after-change.js';
import { replaceBy } from '../../use-route.js';
import { DeadBulkDialog, type DeadBulk } from './dead-bulk-dialog.js';
import { DeadGroupSection } from './dead-group-section.js';
import { DEATH_REASONS, type DeadChoice, wordsOfFilter, wordsOfReason } from './dead-groups.js';
import { RequeueOneDialog } from './requeue-one-dialog.js';
import { useDead } from './use-dead.js';
import { useDeadGroups } from './use-dead-groups.js';
import './dead.css';

const HOUR = 3_600_000;
/** In the words of the server, with their ms. */
const AGES: Readonly<Record<string, number>> = {
  '1 hour': HOUR,
  '1 day': 24 * HOUR,
  '7 days': 7 * 24 * HOUR,
};

/** What did not succeed and does not run again, by what it died of; and how it comes back. */
export function DeadView({ query }: { readonly query: Readonly<Record<string, string>> }) {
  const choice = choiceOf(query);
  const { session } = useShell();
  const { items: jobs, hasMore, isLoading, failure, loadMore, reload } = useDead(choice.name);
  const [bulk, setBulk] = useState<DeadBulk | null>(null);
  const [single, setSingle] = useState<JobSummary | null>(null);
  const restoreFocus = useFocusAfterChange(jobs);
  const changed = () => {
    restoreFocus();
    reload();
  };
  const chosen = useDeadGroups(jobs, choice, AGES[choice.olderThan] ?? null);

  return (
    <>
      <PageHeader
        title="Dead letters"
        actions={
          !session.readOnly && (
            <>
              <Button
                kind="primary"
                disabled={chosen?.count === 0 && !hasMore}
                onClick={() => setBulk({ action: 'requeue', choice })}
              >
                {isAny(choice) ? 'Requeue all…' : 'Requeue these…'}
              </Button>
              <Button
                kind="danger"
                disabled={chosen?.count === 0 && !hasMore}
                onClick={() => setBulk({ action: 'purge', choice })}
              >
                {isAny(choice) ? 'Purge all…' : 'Purge these…'}
              </Button>
            </>
          )
        }
      >
        Jobs that have failed for good. They are kept until somebody requeues or purges them, or
        their retention is over.
      </PageHeader>
      <Filters choice={choice} />
      {failure !== null && <FailureNote failure={failure} onRetry={reload} />}
      {chosen === null && failure === null && <Loading what="the dead letters" />}
      {chosen !== null && (
        <p class="dead-summary" role="status">
          {summaryOf(chosen.count, choice, hasMore)}
        </p>
      )}
      {chosen?.count === 0 && !hasMore && (
        <EmptyNote title={isAny(choice) ? 'No dead letters.' : 'No dead letters like these.'}>
          {isAny(choice) ? 'Whatever has failed runs again by itself.' : 'Widen the filter.'}
        </EmptyNote>
      )}
      {chosen !== null &&
        chosen.groups.map((group) => (
          <DeadGroupSection
            key={JSON.stringify([group.name, group.reason])}
            group={group}
            isReadOnly={session.readOnly}
            onBulk={(action) =>
              setBulk({
                action,
                choice: { ...choice, name: group.name, reason: group.reason ?? '' },
              })
            }
            onRequeue={setSingle}
          />
        ))}
      {hasMore && (
        <p class="more">
          <Button busy={isLoading} onClick={loadMore}>
            Show more
          </Button>
        </p>
      )}
      {bulk !== null && (
        <DeadBulkDialog {...bulk} onClose={() => setBulk(null)} onChanged={changed} />
      )}
      {single !== null && (
        <RequeueOneDialog
          id={single.id}
          onClose={() => setSingle(null)}
          onDone={() => {
            setSingle(null);
            changed();
          }}
        />
      )}
    </>
  );
}

function Filters({ choice }: { readonly choice: DeadChoice }) {
  const overview = useOverview();
  const change = (changed: Partial<DeadChoice>) =>
    replaceBy(hashOf('dead', '', { ...choice, ...changed }));
  const known = (overview?.names ?? [])
    .filter(({ counts }) => counts.dead > 0)
    .map(({ name, counts }) => ({ name, dead: counts.dead }));
  if (choice.name !== '' && !known.some(({ name }) => name === choice.name)) {
    known.push({ name: choice.name, dead: 0 });
  }
  return (
    <form class="dead-filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <SelectField
        label="Name"
        value={choice.name}
        onChange={(name) => change({ name })}
        options={[
          { value: '', text: 'All names' },
          ...known.map(({ name, dead }) => ({
            value: name,
            text: `${name} (${formatCount(dead)})`,
          })),
        ]}
      />
      <SelectField
        label="Reason"
        value={choice.reason}
        onChange={(reason) => change({ reason })}
        options={[
          { value: '', text: 'Any reason' },
          ...Object.keys(DEATH_REASONS).map((value) => ({
            value,
            text: `${value}: ${wordsOfReason(value)}`,
          })),
        ]}
      />
      <SelectField
        label="Dead for"
        value={choice.olderThan}
        onChange={(olderThan) => change({ olderThan })}
        options={[
          { value: '', text: 'Any time' },
          ...Object.keys(AGES).map((value) => ({ value, text: `${value} or longer` })),
        ]}
      />
    </form>
  );
}

function choiceOf({
  name = '',
  reason = '',
  olderThan = '',
}: Readonly<Record<string, string>>): DeadChoice {
  return { name, reason, olderThan: Object.hasOwn(AGES, olderThan) ? olderThan : '' };
}

const isAny = ({ name, reason, olderThan }: DeadChoice): boolean =>
  name === '' && reason === '' && olderThan === '';

function summaryOf(count: number, choice: DeadChoice, hasMore: boolean): string {
  const words = wordsOfFilter(choice, count);
  return hasMore ? `The newest ${formatCount(count)} ${words}.` : `${formatCount(count)} ${words}.`;
}
