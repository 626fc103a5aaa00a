import type { Screen } from '../../lib/cli/command.js';
import { topLines } from '../../lib/cli/format/top-lines.js';
import { styleOf } from '../../lib/cli/format/style.js';
import { LiveScreen } from '../../lib/cli/live-screen.js';
import type { Snapshot } from '../../lib/cli/snapshot.js';
import { until } from '../redis/support.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { openTestStore } from './support.js';

/** A terminal that keeps what was written to it. */
class FakeScreen implements Screen {
  columns = 80;
  rows = 24;
  readonly hasColours = false;
  written = '';
  private readonly keys = new Set<(key: string) => void>();
  private readonly resizes = new Set<() => void>();

  write(text: string): void {
    this.written += text;
  }

  onKey(listener: (key: string) => void): () => void {
    this.keys.add(listener);
    return () => void this.keys.delete(listener);
  }

  onResize(listener: () => void): () => void {
    this.resizes.add(listener);
    return () => void this.resizes.delete(listener);
  }

  press(key: string): void {
    for (const listener of this.keys) listener(key);
  }

  resize(columns: number, rows: number): void {
    [this.columns, this.rows] = [columns, rows];
    for (const listener of this.resizes) listener();
  }

  get isLeftAlone(): boolean {
    return this.keys.size === 0 && this.resizes.size === 0;
  }
}

const ENTERED = '\u001b[?1049h\u001b[?25l';
const RESTORED = '\u001b[?25h\u001b[?1049l';

it.each(['q', 'ctrl-c'])('draws a live table until %s, and restores the terminal', async (key) => {
  const store = await openTestStore();
  const { scheduler } = store.engine;
  const screen = new FakeScreen();
  await scheduler.now('mail', {});

  const running = store.runIn({ screen }, 'top', '--every', '100 ms');
  await until(async () => /mail +1 /.test(screen.written));
  await scheduler.now('mail', {});
  await until(async () => /mail +2 /.test(screen.written));
  screen.press('x');
  screen.press(key);
  const { code, said } = await running;

  expect({ code, said }).toEqual({ code: 0, said: '' });
  expect(screen.written.startsWith(ENTERED)).toBe(true);
  expect(screen.written.endsWith(RESTORED)).toBe(true);
  expect(screen.isLeftAlone).toBe(true);
  await store.close();
});

it('restores the terminal when the store fails', async () => {
  const store = await openTestStore();
  const screen = new FakeScreen();
  const stop = new AbortController();

  const running = store.runIn({ screen, signal: stop.signal }, 'top', '--every', '1 hour');
  await until(async () => screen.written.includes('LATENCY'));
  stop.abort();

  expect((await running).code).toBe(130);
  expect(screen.written.endsWith(RESTORED)).toBe(true);
  await store.close();
});

it('restores the terminal at once when the user leaves and the store does not answer', async () => {
  const { port } = new URL(process.env.TEST_REDIS_URL!);
  const proxy = await TcpProxy.to(Number(port));
  const store = await openTestStore();
  const screen = new FakeScreen();
  const stop = new AbortController();

  const running = store.runIn(
    { screen, signal: stop.signal, environment: { REDIS_URL: proxy.url } },
    ...['top', '--every', '100 ms'],
  );
  await until(async () => screen.written.includes('LATENCY'));
  proxy.swallow();
  const before = proxy.commands;
  await until(async () => proxy.commands > before);
  stop.abort();
  await until(async () => screen.written.endsWith(RESTORED));

  expect((await running).code).toBe(130);
  await proxy.close();
  await store.close();
});

it('draws over what it has drawn, in one write, and anew when the size changes', () => {
  const screen = new FakeScreen();
  const live = new LiveScreen(screen, () => undefined);
  live.show((width, height) => [`${width}`, `${height}`, 'more'].slice(0, height));
  screen.written = '';

  screen.resize(40, 2);

  expect(screen.written).toBe('\u001b[H40\u001b[K\r\n2\u001b[K\u001b[J');
  live.close();
});

describe('the table of top', () => {
  const counts = {
    scheduled: 1,
    queued: 2,
    running: 1,
    completed: 0,
    failed: 4,
    dead: 3,
    repeating: 1,
    paused: 0,
    total: 9,
  };
  const snapshot: Snapshot = {
    at: new Date('2026-01-02T03:04:05Z'),
    hosts: { alive: 1, running: 3, slots: 20 },
    pause: { at: new Date(0), reason: 'deploy \u001b[2J' },
    names: Array.from({ length: 30 }, (_, n) => ({
      name: `name-${n}`,
      counts,
      pause: null,
      latencyMs: 65_000,
      perMinute: { added: 0.4, completed: 120.6, failed: 0 },
    })),
  };
  const style = styleOf({ screen: undefined });

  it('tells hosts, pause, counts, rates and latency', () => {
    const [head, pause, , , row] = topLines(snapshot, { style, utc: true });

    expect(head).toBe('2026-01-02 03:04:05Z   1 host, 3 of 20 slots run');
    expect(pause).toBe('Everything is paused: deploy \\u001b[2J');
    expect(row!.split(/ +/)).toEqual([
      'name-0',
      '2',
      '1',
      '1',
      '3',
      '2',
      '0.4',
      '121',
      '-',
      '1m',
      '05s',
    ]);
  });

  it.each([
    [80, 24],
    [60, 10],
    [52, 5],
  ])('fits a screen of %i columns and %i rows', (width, height) => {
    const lines = topLines(snapshot, { style, width, height });

    expect(lines.length).toBeLessThanOrEqual(height);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
    expect(lines.at(-1)).toMatch(/^and \d+ more names$/);
  });
});
