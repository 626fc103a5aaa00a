import type { AgendaBackend, JobLogger, JobRepository, NotificationChannel } from 'agenda';
import { Redis } from 'ioredis';
import type { AgendaBackend as OurBackend } from '../../lib/index.js';
import { MemoryBackend } from '../../lib/memory/index.js';
import {
  RedisBackend,
  RedisJobLogger,
  RedisJobRepository,
  RedisNotificationChannel,
} from '../../lib/redis/index.js';

const options = { connectionString: 'redis://127.0.0.1:1' };

/* That these compile is checked by `npm run typecheck`; that the lists are complete, too. */
const repository: JobRepository = new RedisBackend(options).repository;
const channel: NotificationChannel = new RedisNotificationChannel(options);
const logger: JobLogger = new RedisJobLogger(options);
const backends: AgendaBackend[] = [new RedisBackend(options), new MemoryBackend()];
// An application may give us a backend of the family as it is.
const taken: (theirs: AgendaBackend) => OurBackend = (theirs) => theirs;

const ofRepository: Record<keyof JobRepository, true> = {
  connect: true,
  saveJob: true,
  saveJobState: true,
  getNextJobToRun: true,
  lockJob: true,
  unlockJob: true,
  unlockJobs: true,
  getJobById: true,
  queryJobs: true,
  getJobsOverview: true,
  getDistinctJobNames: true,
  getQueueSize: true,
  removeJobs: true,
  disableJobs: true,
  enableJobs: true,
  purgeAllJobs: true,
};
const ofChannel: Record<Exclude<keyof NotificationChannel, 'state'>, true> = {
  connect: true,
  disconnect: true,
  subscribe: true,
  publish: true,
  subscribeState: true,
  publishState: true,
  on: true,
  off: true,
};
const ofLogger: Record<keyof JobLogger, true> = { log: true, getLogs: true, clearLogs: true };

it.each<[string, object, object]>([
  ['repository', repository, ofRepository],
  ['channel', channel, ofChannel],
  ['logger', logger, ofLogger],
])("has a %s with every method of Agenda's contract", (_, part, methods) => {
  for (const method of Object.keys(methods)) {
    expect(part).toHaveProperty(method, expect.any(Function));
  }
});

it.each(backends)('has all parts of a backend from construction on: $name', (theirs) => {
  const backend = taken(theirs);
  expect(backend.repository).toBe(backend.repository);
  expect(backend.notificationChannel?.state).toBe('disconnected');
  expect(backend.logger).toBeDefined();
});

it('tells whose connection it is', () => {
  const client = new Redis({ lazyConnect: true });

  expect(new RedisBackend(options).ownsConnection).toBe(true);
  expect(new RedisBackend({ redis: client }).ownsConnection).toBe(false);
  client.disconnect();
});

it('has parts of the classes that it exports', () => {
  const backend = new RedisBackend(options);

  expect(backend.repository).toBeInstanceOf(RedisJobRepository);
  expect(backend.notificationChannel).toBeInstanceOf(RedisNotificationChannel);
  expect(backend.logger).toBeInstanceOf(RedisJobLogger);
});
