import { toJobId } from '../../../lib/core/job/job-id.js';
import { START, type OpenBackend } from './backends.js';
import { listen } from './listen.js';

const KNOWN = 'hosts are known';

/**
 * Hears what each of these hosts is told of names, from now on.
 *
 * @returns resolves when all that was told so far has been heard
 */
export async function hearAs(
  store: OpenBackend,
  hosts: readonly string[],
  hear: (host: string, name: string, at: number) => void,
): Promise<() => Promise<unknown>> {
  const heardSoFar = await listen(store);
  const known = hosts.map(
    (host) =>
      new Promise<void>((resolve) => {
        store.channel.subscribe(
          ({ jobName, nextRunAt, partition = 0 }) => {
            if (jobName === KNOWN) resolve();
            else if (jobName !== 'mark' && partition === 0)
              hear(host, jobName, nextRunAt!.getTime());
          },
          { host },
        );
      }),
  );
  // Those that subscribe to a connected channel are told to look once.
  const timestamp = new Date(START);
  const jobId = toJobId('');
  await store.channel.publish({ jobId, jobName: KNOWN, nextRunAt: null, priority: 0, timestamp });
  await Promise.all(known);
  return heardSoFar;
}

/** What each of some hosts was told, in order: of which names, and when they are claimable, from now. */
export class HostNews {
  private heard: string[] = [];

  private constructor(private readonly clock: OpenBackend['clock']) {}

  private heardSoFar: () => Promise<unknown> = async () => undefined;

  static async of(store: OpenBackend, hosts: readonly string[]): Promise<HostNews> {
    const news = new HostNews(store.clock);
    news.heardSoFar = await hearAs(store, hosts, (host, name, at) => {
      news.heard.push(`${host}: ${name} in ${at - news.clock.now()} ms`);
    });
    news.heard = [];
    return news;
  }

  /** What was told since it was taken last. */
  async take(): Promise<string[]> {
    await this.heardSoFar();
    const { heard } = this;
    this.heard = [];
    return heard;
  }
}
