import { jest } from '@jest/globals';
import { BEAT_MS } from '../../../lib/core/contracts/host-registry.js';
import { Heartbeat } from '../../../lib/core/worker/heartbeat.js';
import { MemoryBackend } from '../../../lib/memory/index.js';
import { FaultyBroker } from '../../support/faulty-broker.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

async function newHeart() {
  const backend = new MemoryBackend();
  await backend.connect();
  const broker = new FaultyBroker(backend.broker);
  const failures: string[] = [];
  const rest = { names: [], slots: 1, running: 0, paused: false, version: '1.0.0', startedAt: 0 };
  const heartbeat = new Heartbeat({
    broker: () => broker,
    told: () => ({ host: 'host-a', ...rest }),
    failed: (error) => failures.push(error.message),
    recovered: () => {},
  });
  const beats = () => broker.argsOf('beat').length;
  return { heartbeat, broker, backend, failures, beats };
}

describe('a heart', () => {
  it('beats at once, and every 15 seconds from then on, until it is stopped', async () => {
    const { heartbeat, beats } = await newHeart();

    heartbeat.start();
    await pass(0);
    expect(beats()).toBe(1);
    await pass(BEAT_MS - 1);
    expect(beats()).toBe(1);
    await pass(1);
    expect(beats()).toBe(2);
    heartbeat.stop();
    await pass(10 * BEAT_MS);
    expect(beats()).toBe(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('goes on after a beat that failed', async () => {
    const { heartbeat, broker, beats, failures } = await newHeart();
    broker.failNext('beat', new Error('no room'));

    heartbeat.start();
    await pass(BEAT_MS);

    expect(failures).toEqual(['no room']);
    expect(beats()).toBe(2);
    heartbeat.stop();
  });

  it('leaves after the beat that is under way, and beats no more', async () => {
    const { heartbeat, broker, backend } = await newHeart();
    const release = broker.hold('beat');
    heartbeat.start();
    const left = heartbeat.leave();
    await pass(0);
    expect(broker.argsOf('leave')).toEqual([]);

    release();
    await left;

    expect(broker.argsOf('leave')).toEqual([['host-a']]);
    expect(await backend.manager.hosts()).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('says nothing where no list of hosts is kept, and has nothing to leave', async () => {
    const { heartbeat, broker } = await newHeart();
    broker.beat = undefined as never;

    heartbeat.start();
    await heartbeat.leave();

    expect(broker.calls).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
