import { Icon, type IconName } from '../components/index.js';
import { formatShortCount } from '../format.js';
import { hashOf, type View } from '../router.js';
import { useLive, useShell } from '../shell.js';
import { Keys } from './keys.js';
import { ThemeSwitch } from './theme-switch.js';

interface Entry {
  readonly view: View;
  readonly title: string;
  readonly icon: IconName;
  /** Views below it, while which it is the current one, too. */
  readonly below?: View;
}

const ENTRIES: readonly Entry[] = [
  { view: 'overview', title: 'Overview', icon: 'grid', below: 'name' },
  { view: 'jobs', title: 'Jobs', icon: 'list', below: 'job' },
  { view: 'dead', title: 'Dead letters', icon: 'dead' },
  { view: 'schedules', title: 'Schedules', icon: 'calendar' },
  { view: 'hosts', title: 'Hosts', icon: 'host' },
];

interface NavigationProps {
  readonly current: View;
  /** Leads past it. */
  readonly onSkip: () => void;
}

export function Navigation({ current, onSkip }: NavigationProps) {
  const { session } = useShell();
  const { overview } = useLive();
  const dead = overview?.totals.dead ?? 0;
  return (
    <header class="top">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The fragment of the address is the view.
          event.preventDefault();
          onSkip();
        }}
      >
        Skip to content
      </a>
      <a class="brand" href={hashOf('overview')}>
        <Icon name="clock" />
        Jobs
        {session.instance !== 'default' && <span class="instance">{session.instance}</span>}
      </a>
      <nav aria-label="Main">
        <ul>
          {ENTRIES.map(({ view, title, icon, below }) => (
            <li key={view}>
              <a
                href={hashOf(view)}
                aria-current={view === current ? 'page' : below === current ? 'true' : undefined}
              >
                <Icon name={icon} />
                <span>{title}</span>
                {view === 'dead' && dead > 0 && <span class="count">{formatShortCount(dead)}</span>}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="side">
        <LiveSign />
        {session.readOnly && <span class="badge neutral">Read only</span>}
        {session.user !== null && <span class="user">{session.user}</span>}
        <Keys />
        <ThemeSwitch />
      </div>
    </header>
  );
}

function LiveSign() {
  const { status } = useLive();
  const text = { open: 'Live', connecting: 'Connecting', lost: 'Not live' }[status];
  return <span class={`live ${status}`}>{text}</span>;
}
