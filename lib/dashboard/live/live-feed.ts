import {
  Inject,
  Injectable,
  ServiceUnavailableException,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Overview } from '../api/index.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { SharedOverview } from '../read/shared-overview.js';
import { EventStream, eventText } from './event-stream.js';
import { JobNewsLine } from './job-news.js';

/** Between two looks at least, in ms, however long they take: a slow store has other work. */
const SHORTEST_PAUSE_MS = 250;
const PING_EVERY_MS = 15_000;
/** Then a viewer has to come again, and is asked for its rights again, in ms. */
const LONGEST_STREAM_MS = 10 * 60_000;

/**
 * Tells those who look what changes. Without viewers it does nothing: no listener, no timer, no call to the store.
 * While the store does not answer the streams end: a page that hears nothing must not look as if all were well.
 */
@Injectable()
export class LiveFeed implements OnModuleDestroy {
  private readonly viewers = new Set<EventStream>();
  private readonly news = new JobNewsLine((jobs) => this.broadcast(eventText('jobs', jobs)));
  private look: NodeJS.Timeout | undefined;
  private ping: NodeJS.Timeout | undefined;
  private shown = '';
  private isClosed = false;

  constructor(
    @Inject(DashboardInstance) private readonly instance: DashboardInstance,
    @Inject(SharedOverview) private readonly overviews: SharedOverview,
  ) {}

  /**
   * Answers a request by a stream, which begins with the overview.
   *
   * @throws ServiceUnavailableException when the application closes; what reading throws
   */
  async join(response: unknown): Promise<void> {
    this.expectOpen();
    const overview = await this.overviews.read();
    this.expectOpen();
    const stream = new EventStream(response);
    const tooLong = setTimeout(() => stream.end(), LONGEST_STREAM_MS);
    this.viewers.add(stream);
    if (this.viewers.size === 1) this.start(overview);
    // At once for one that has left while the overview was read.
    stream.onClose(() => {
      clearTimeout(tooLong);
      this.leave(stream);
    });
    stream.send('overview', overview);
  }

  /** The server waits for open connections when it closes: these would never end by themselves. */
  onModuleDestroy(): void {
    this.isClosed = true;
    this.endAll();
  }

  private expectOpen(): void {
    if (this.isClosed) throw new ServiceUnavailableException('The application is shutting down.');
  }

  private leave(stream: EventStream): void {
    if (this.viewers.delete(stream) && this.viewers.size === 0) this.stop();
  }

  private endAll(): void {
    for (const viewer of this.viewers) viewer.end();
    this.viewers.clear();
    this.stop();
  }

  private start(overview: Overview): void {
    this.shown = contentOf(overview);
    this.news.listen(this.instance.scheduler);
    this.lookAgain();
    this.ping = setInterval(() => {
      this.broadcast(eventText('ping', { at: new Date(this.instance.now()).toISOString() }));
    }, PING_EVERY_MS);
  }

  private stop(): void {
    this.news.stop();
    clearTimeout(this.look);
    clearInterval(this.ping);
    this.look = this.ping = undefined;
  }

  private lookAgain(): void {
    // As soon as there may be something new: who asks meanwhile must not make the others wait longer.
    const pause = Math.max(Math.ceil(this.overviews.freshForMs) + 1, SHORTEST_PAUSE_MS);
    const look = setTimeout(() => void this.tellOverview(look), pause);
    this.look = look;
  }

  /** @param look - of which this is the end: another may have begun, when the last viewer left and one came */
  private async tellOverview(look: NodeJS.Timeout): Promise<void> {
    try {
      const overview = await this.overviews.read();
      if (this.look !== look) return;
      this.lookAgain();
      const content = contentOf(overview);
      if (content === this.shown) return;
      this.shown = content;
      this.broadcast(eventText('overview', overview));
    } catch {
      // Whoever comes again is told what is wrong.
      if (this.look === look) this.endAll();
    }
  }

  private broadcast(text: string): void {
    for (const viewer of this.viewers) viewer.sendText(text);
  }
}

/** Without its instant, which is always another. */
const contentOf = (overview: Overview): string => JSON.stringify({ ...overview, at: undefined });
