import type { AgendaBackend, AgendaChannel, CompleteBackend } from '../contracts/agenda-backend.js';
import { InvalidOptionError } from '../errors.js';
import { AnnouncingBroker } from './announcing-broker.js';
import { AnnouncingManager } from './announcing-manager.js';
import { AnnouncingRepository } from './announcing-repository.js';
import { Announcements } from './announcements.js';
import { carriedRow, refuseUncarriedBeside } from './carried.js';
import { NewsRelay } from './news-relay.js';
import { keepingItsTime } from './repeated-rule.js';
import { RepositoryBroker } from './repository-broker.js';
import { RepositoryManager } from './repository-manager.js';

/** What the engine brings to a backend. */
export interface EngineSide {
  /** This process, as rows name it. */
  readonly name: string;
  /** Where news goes to. */
  readonly channel: AgendaChannel | undefined;
  /** Takes errors of the channel, and of what is read for it, which fail nobody. */
  readonly report: (error: Error) => void;
}

/**
 * A backend with everything the engine works with. One of our own is complete as it is. Of a foreign
 * one the missing parts work through its repository alone; and what a store does not announce on the
 * engine's channel, because it is foreign or the channel is, is announced here.
 *
 * @throws InvalidOptionError for what is no channel
 */
export function completed(backend: AgendaBackend, engine: EngineSide): CompleteBackend {
  const { name, repository, broker, logger, ownsConnection } = backend;
  const { channel } = engine;
  if (channel !== undefined) checkChannel(channel);
  const announcesItself = broker !== undefined && channel === backend.notificationChannel;
  if (announcesItself && backend.manager) return backend as CompleteBackend;

  const relay = new NewsRelay(channel, engine.report);
  const announcements = new Announcements(relay);
  const foreign = broker ? undefined : new RepositoryBroker(repository, name, engine.name);
  const manager = backend.manager
    ? new AnnouncingManager(backend.manager, announcements, engine.report)
    : new RepositoryManager(repository, (id, reason) => relay.cancelled(id, reason));
  return {
    name,
    logger,
    ownsConnection,
    notificationChannel: relay,
    repository: new AnnouncingRepository(repository, announcements, async (row, beside) => {
      if (!foreign) return row;
      refuseUncarriedBeside(beside, name);
      return keepingItsTime(carriedRow(row, name), repository);
    }),
    broker: new AnnouncingBroker(broker ?? foreign!, announcements),
    manager,
    async connect() {
      await backend.connect();
      if (foreign) listen(foreign, relay);
    },
    disconnect: () => backend.disconnect(),
  };
}

function checkChannel(channel: AgendaChannel): void {
  const verbs = ['connect', 'disconnect', 'subscribe', 'publish', 'on', 'off'] as const;
  if (verbs.every((verb) => typeof channel?.[verb] === 'function')) return;
  const expected = `a NotificationChannel: an object with ${verbs.join(', ')}`;
  throw new InvalidOptionError('notificationChannel', channel, expected);
}

/** Until the relay is closed, which forgets all who listen. */
function listen(broker: RepositoryBroker, relay: NewsRelay): void {
  relay.subscribe(({ jobName, nextRunAt }) => {
    if (nextRunAt) broker.heardOf(jobName, nextRunAt.getTime());
  });
  relay.subscribeCancel(({ jobId, reason }) => broker.cancelled(jobId, reason));
}
