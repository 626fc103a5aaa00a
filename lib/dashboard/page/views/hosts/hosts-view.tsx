import { useState } from 'preact/hooks';
import type { Hosts } from '../../../api/index.js';
import { EmptyNote, FailureNote, Loading, PageHeader, Section } from '../../components/index.js';
import { useEvery } from '../../use-every.js';
import { useFocusAfterChange } from '../../use-focus-after-change.js';
import { useRequest } from '../../use-request.js';
import { CancelDialog } from '../job/cancel-dialog.js';
import { HostCard } from './host-card.js';
import { type Lease, LeaseTable } from './lease-table.js';
import './hosts.css';

/** Signs of life and renewals are no news. */
const ASK_EVERY_MS = 3_000;

/** Who works, and on what for how long. */
export function HostsView() {
  const { data, failure, reload } = useRequest<Hosts>('api/hosts', {
    refreshOn: (news) => news.some(({ event }) => event !== 'success' && event !== 'fail'),
  });
  const [cancelled, setCancelled] = useState<Lease | null>(null);
  useEvery(ASK_EVERY_MS, true, reload);
  const restoreFocus = useFocusAfterChange(data);

  return (
    <>
      <PageHeader title="Hosts">
        The processes that run jobs, and the jobs that they hold.
      </PageHeader>
      {failure !== null && <FailureNote failure={failure} onRetry={reload} />}
      {data === null && failure === null && <Loading what="the hosts" />}
      {data !== null && (
        <>
          {data.hosts.length === 0 ? (
            <EmptyNote title="No worker host is alive.">
              Jobs wait until a process with handlers starts.
            </EmptyNote>
          ) : (
            <ul class="host-cards">
              {data.hosts.map((host) => (
                <HostCard key={host.host} host={host} />
              ))}
            </ul>
          )}
          <Section title="Leases">
            <LeaseTable leases={data.leases} hasMore={data.more} onCancel={setCancelled} />
          </Section>
        </>
      )}
      {cancelled !== null && (
        <CancelDialog
          job={{ ...cancelled, state: 'running' }}
          onClose={() => setCancelled(null)}
          onDone={() => {
            setCancelled(null);
            restoreFocus();
            reload();
          }}
        />
      )}
    </>
  );
}
