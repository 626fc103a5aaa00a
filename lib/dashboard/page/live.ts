import type { JobNews, LiveEvents, Overview } from '../api/index.js';
import { type ApiClient, type ApiFailure, asFailure } from './api-client.js';

/** `lost`: nothing comes by itself, the page asks every five seconds. */
export type LiveStatus = 'connecting' | 'open' | 'lost';

export interface LiveState {
  readonly status: LiveStatus;
  readonly overview: Overview | null;
  /** Why the newest overview that was asked for did not come; null when it did. */
  readonly failure: ApiFailure | null;
}

const ASK_EVERY_MS = 5_000;
/** The server says something every 15 s: a connection that is silent for longer is dead, whatever the browser thinks. */
const SILENCE_MS = 40_000;
/** An overview that is older than the one that is known by no more has come late; by more, a clock was set back. */
const LATE_MS = 60_000;

/**
 * What the server tells by itself. The browser reconnects; while it cannot, the overview is asked for, and those who
 * listen are told that anything may have happened.
 *
 * A page that nobody sees is not connected: browsers allow six connections to a server over HTTP/1.1, and the seventh
 * window would never load.
 */
export class LiveConnection {
  state: LiveState = { status: 'connecting', overview: null, failure: null };

  private source: EventSource | null = null;
  private asking: ReturnType<typeof setInterval> | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;
  /** Something may have happened that was not told. */
  private isBehind = false;
  private readonly watchers = new Set<(state: LiveState) => void>();
  private readonly listeners = new Set<(news: readonly JobNews[] | null) => void>();

  constructor(private readonly api: ApiClient) {}

  start(): void {
    document.addEventListener('visibilitychange', this.followPage);
    this.followPage();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.followPage);
    this.disconnect();
  }

  /** Each new state. Returns what ends it. */
  watch(watcher: (state: LiveState) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** What happened to jobs; null for: unknown, ask again. Returns what ends it. */
  listen(listener: (news: readonly JobNews[] | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Now, not at the next news: after a change of one's own. */
  async askOverview(): Promise<void> {
    try {
      this.take(await this.api.get<Overview>('api/overview'));
    } catch (error) {
      this.update({ failure: asFailure(error) });
    }
  }

  private readonly followPage = (): void => {
    if (!document.hidden) return this.connect();
    this.disconnect();
    this.isBehind = true;
    this.update({ status: 'connecting' });
  };

  private disconnect(): void {
    clearTimeout(this.silence);
    this.endAsking();
    this.source?.close();
  }

  private connect(): void {
    this.source?.close();
    this.expectSound();
    const source = new EventSource('api/live');
    this.source = source;
    source.onopen = () => this.isHeard();
    source.onerror = () => this.lose();
    this.on(source, 'overview', (overview) => this.take(overview));
    this.on(source, 'jobs', (news) => this.tell(news));
    this.on(source, 'ping', () => undefined);
  }

  private on<E extends keyof LiveEvents>(
    source: EventSource,
    event: E,
    take: (data: LiveEvents[E]) => void,
  ): void {
    source.addEventListener(event, (message: MessageEvent<string>) => {
      this.isHeard();
      take(JSON.parse(message.data) as LiveEvents[E]);
    });
  }

  private isHeard(): void {
    this.expectSound();
    if (this.state.status === 'open') return;
    this.endAsking();
    this.update({ status: 'open' });
    if (this.isBehind) this.askAll();
    this.isBehind = false;
  }

  private expectSound(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(), SILENCE_MS);
  }

  private lose(): void {
    this.isBehind = true;
    if (this.state.status !== 'lost') this.update({ status: 'lost' });
    this.asking ??= setInterval(() => this.askAgain(), ASK_EVERY_MS);
  }

  private askAgain(): void {
    // A browser gives up for good after an answer that is no stream, such as that of a proxy.
    if (this.source?.readyState !== EventSource.CONNECTING) this.connect();
    this.askAll();
  }

  private askAll(): void {
    void this.askOverview();
    this.tell(null);
  }

  private endAsking(): void {
    if (this.asking !== null) clearInterval(this.asking);
    this.asking = null;
  }

  /** What was asked for and what came by itself may overtake each other. */
  private take(overview: Overview): void {
    const known = this.state.overview;
    const late = known === null ? 0 : Date.parse(known.at) - Date.parse(overview.at);
    if (late <= 0 || late > LATE_MS) this.update({ overview });
    if (this.state.failure !== null) this.update({ failure: null });
  }

  private update(change: Partial<LiveState>): void {
    this.state = { ...this.state, ...change };
    for (const watcher of this.watchers) watcher(this.state);
  }

  private tell(news: readonly JobNews[] | null): void {
    for (const listener of this.listeners) listener(news);
  }
}
