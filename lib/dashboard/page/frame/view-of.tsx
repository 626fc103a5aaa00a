import { EmptyNote, PageHeader } from '../components/index.js';
import type { Route } from '../router.js';
import { DeadView } from '../views/dead/dead-view.js';
import { HostsView } from '../views/hosts/hosts-view.js';
import { JobView } from '../views/job/job-view.js';
import { JobsView } from '../views/jobs/jobs-view.js';
import { NameView } from '../views/name/name-view.js';
import { OverviewView } from '../views/overview/overview-view.js';
import { SchedulesView } from '../views/schedules/schedules-view.js';

/** The view that a route names. */
export function ViewOf({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'overview':
      return <OverviewView query={route.query} />;
    case 'name':
      return <NameView key={route.subject} name={route.subject} />;
    case 'jobs':
      return <JobsView query={route.query} />;
    case 'job':
      return <JobView key={route.subject} id={route.subject} />;
    case 'dead':
      return <DeadView query={route.query} />;
    case 'schedules':
      return <SchedulesView />;
    case 'hosts':
      return <HostsView />;
    case 'unknown':
      return <NothingHere />;
  }
}

function NothingHere() {
  return (
    <>
      <PageHeader title="Nothing here" />
      <EmptyNote title="There is no view at this address.">
        <a href="#/">Go to the overview</a>
      </EmptyNote>
    </>
  );
}
