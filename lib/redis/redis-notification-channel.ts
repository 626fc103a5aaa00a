import {
  EVERY_NAME,
  type JobNotification,
  type JobStateNotification,
} from '../core/contracts/notification-channel.js';
import { toJobId } from '../core/job/job-id.js';
import { ChannelBase, type Receivers } from '../core/notifications/channel-base.js';
import { checkKnownKeys } from '../core/options/known-keys.js';
import { waitFor } from '../core/worker/wait.js';
import { cancelOf, encodeNews, encodeStates, newsOf, readMessage, statesOf } from './news-codec.js';
import { NewsLine } from './news-line.js';
import { resolveRedisOptions, type RedisBackendOptions } from './redis-options.js';
import { RedisSubscriber } from './redis-subscriber.js';

/** How to reach Redis, and whose news it carries: see {@link RedisBackendOptions}. */
export type RedisChannelOptions = Pick<RedisBackendOptions, (typeof OPTION_NAMES)[number]>;

const OPTION_NAMES = [
  'connectionString',
  'redisOptions',
  'cluster',
  'redis',
  'keyPrefix',
  'channelName',
  'connectTimeout',
  'retryFor',
  'waitForRedis',
] as const;

/** How long a disconnect waits for messages under way. */
const FLUSH_MS = 1_000;
/** So many job names that it has heard of are remembered. */
const MOST_NAMES = 1_000;

/**
 * News over Redis Pub/Sub, on one subscriber connection for everything. A `RedisBackend` brings one;
 * made on its own it stands beside any other storage.
 *
 * News that came while the subscriber was cut off is lost. After it, every handler of news hears of each
 * name that may have work, so that a worker looks: the names with claimable jobs where the channel
 * belongs to an open backend, else the names it has heard of before.
 *
 * @example
 * new RedisNotificationChannel({ connectionString: 'redis://127.0.0.1:6379' });
 */
export class RedisNotificationChannel extends ChannelBase {
  private readonly line: NewsLine;
  private readonly channels: {
    readonly news: string;
    readonly names: string;
    readonly state: string;
    readonly cancel: string;
  };
  private readonly names = new Set<string>();
  private readonly underWay = new Set<Promise<void>>();
  private subscriber: RedisSubscriber | undefined;
  /** Resolves when Redis knows whether we want to hear of states. */
  private inStep: Promise<void> = Promise.resolve();

  /**
   * @param options or the line of a backend
   * @throws InvalidOptionError
   */
  constructor(options: RedisChannelOptions | NewsLine) {
    super();
    this.line = options instanceof NewsLine ? options : new NewsLine(resolved(options));
    const news = this.line.options.channelName;
    this.channels = {
      news,
      names: `${news}:names`,
      state: `${news}:state`,
      cancel: `${news}:cancel`,
    };
    this.line.onReady = () => this.subscriber?.hurry();
  }

  /**
   * Resolves when news comes, and also when it is kept away by something that will pass: it then comes
   * by itself, with the state `connected`.
   *
   * @throws ConnectionError when Redis cannot be reached at the start, or does not let us in
   */
  override connect(): Promise<void> {
    return super.connect();
  }

  async publish(notification: JobNotification): Promise<void> {
    this.expectConnected();
    if (this.line.hasTold(notification)) return;
    const message = encodeNews(this.line.head, notification);
    // A handler that has just been subscribed here hears what is told after it.
    const told = this.inStep.then(() => this.line.publish(this.channels.news, message));
    await this.outgoing(told);
  }

  override async publishStates(notifications: readonly JobStateNotification[]): Promise<void> {
    this.expectConnected();
    const message = encodeStates(this.line.head, notifications);
    const told = this.inStep.then(() => this.line.publish(this.channels.state, message));
    await this.outgoing(told);
  }

  /** Tells the handlers of this process, and nobody else, that a name has work. */
  tellHere(jobName: string, nextRunAt: Date): void {
    if (this.state !== 'disconnected') this.tell(this.newsHandlers, newsOfName(jobName, nextRunAt));
  }

  protected async open(): Promise<void> {
    this.enter('connecting');
    const subscriber = this.newSubscriber();
    this.subscriber = subscriber;
    try {
      // The command connection goes first: it knows how to wait, and how to say what is wrong.
      await this.line.open();
      await subscriber.start();
    } catch (error) {
      await Promise.all([subscriber.stop(), this.closeLineOf(subscriber)]);
      throw error;
    }
  }

  protected async close(): Promise<void> {
    const { subscriber } = this;
    this.subscriber = undefined;
    await Promise.all([subscriber?.stop(), this.flushed()]);
    // Unless it has been opened again meanwhile.
    if (this.subscriber === undefined) await this.line.close();
  }

  protected override stateHandlersChanged(): void {
    this.inStep = this.subscriber?.refresh() ?? this.inStep;
  }

  protected override newsHandlersChanged(): void {
    const { subscriber } = this;
    if (!subscriber) return;
    const late = [...this.hostHandlers.keys()].filter(
      (host) => !subscriber.isOn(this.channelOf(host)),
    );
    this.inStep = subscriber.refresh();
    // What came before the server knew of them is lost: they look once. While it connects they do so anyway.
    if (this.state === 'connected') void this.inStep.then(() => this.wakeHosts(late));
  }

  /** Agenda's own engine tells of the end of a run and closes the channel at once: that still goes out. */
  private async outgoing(message: Promise<void>): Promise<void> {
    this.underWay.add(message);
    try {
      await message;
    } finally {
      this.underWay.delete(message);
    }
  }

  private async flushed(): Promise<void> {
    if (this.underWay.size > 0) await waitFor(Promise.allSettled(this.underWay), FLUSH_MS);
  }

  /** Unless somebody has closed it already, and perhaps opened it again. */
  private async closeLineOf(subscriber: RedisSubscriber): Promise<void> {
    if (this.subscriber === subscriber) await this.close();
  }

  private newSubscriber(): RedisSubscriber {
    const { line } = this;
    const hooks = {
      message: (channel: string, text: string) => this.receive(channel, text),
      subscribed: () => this.hears(subscriber),
      lost: (lasting: boolean) => this.enter(lasting ? 'error' : 'reconnecting'),
      error: (error: unknown) => this.report(error),
    };
    const wanted = (): string[] => this.wanted();
    const subscriber: RedisSubscriber = new RedisSubscriber(
      line.options.endpoint,
      wanted,
      hooks,
      () => line.masters,
    );
    return subscriber;
  }

  /** States are many, and few processes listen for them. Hosts hear their own news: that of all names is for others. */
  private wanted(): string[] {
    const { news, names, state, cancel } = this.channels;
    const wanted = [news, cancel, ...Array.from(this.hostHandlers.keys(), this.channelOf)];
    if (this.newsHandlers.size > 0 || this.hostHandlers.size === 0) wanted.push(names);
    if (this.stateHandlers.size > 0) wanted.push(state);
    return wanted;
  }

  private readonly channelOf = (host: string): string => `${this.channels.news}:host:${host}`;

  private receive(channel: string, text: string): void {
    const { options, database, sender } = this.line;
    const message = readMessage(text, options.keyPrefix, database);
    if (!message) return;
    if (channel === this.channels.state) {
      for (const state of statesOf(message, sender)) this.tell(this.stateHandlers, state);
    } else if (channel === this.channels.cancel) {
      const cancel = cancelOf(message);
      if (cancel) this.tell(this.cancelHandlers, cancel);
    } else {
      const news = newsOf(message, sender);
      if (news) this.tellNews(news, this.receiversOn(channel));
    }
  }

  private receiversOn(channel: string): Receivers {
    if (channel === this.channels.news) return 'all';
    if (channel === this.channels.names) return 'general';
    return { host: channel.slice(this.channelOf('').length) };
  }

  private tellNews(news: JobNotification, to: Receivers): void {
    this.names.add(news.jobName);
    if (this.names.size > MOST_NAMES) this.names.delete(this.names.values().next().value!);
    for (const handlers of this.newsHandlersOf(to)) this.tell(handlers, news);
  }

  private hears(subscriber: RedisSubscriber): void {
    const wasCutOff = this.state === 'reconnecting' || this.state === 'error';
    this.enter('connected');
    if (wasCutOff) this.wakeUp(subscriber).catch((error: unknown) => this.report(error));
  }

  private wakeHosts(hosts: readonly string[]): void {
    if (this.state !== 'connected') return;
    for (const host of hosts) this.tellNews(everyName(), { host });
  }

  private async wakeUp(subscriber: RedisSubscriber): Promise<void> {
    if (this.newsHandlers.size === 0) return;
    for await (const [jobName, at] of this.missed()) {
      if (this.subscriber !== subscriber) return;
      this.tellHere(jobName, new Date(at));
    }
  }

  private async *missed(): AsyncGenerator<[name: string, at: number]> {
    if (this.line.knowsJobs) return yield* this.line.claimableNames();
    for (const name of this.names) yield [name, Date.now()];
  }
}

const everyName = (): JobNotification => newsOfName(EVERY_NAME, new Date());

function newsOfName(jobName: string, nextRunAt: Date): JobNotification {
  return { jobId: toJobId(''), jobName, nextRunAt, priority: 0, timestamp: new Date() };
}

/** @throws InvalidOptionError */
function resolved(options: RedisChannelOptions) {
  checkKnownKeys('', options, OPTION_NAMES);
  return resolveRedisOptions(options);
}
