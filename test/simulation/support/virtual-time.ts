import { jest } from '@jest/globals';
import { Random } from '../../support/random.js';

/*
 * Time that passes only while nothing else happens: a simulated minute takes as long as the work in it.
 *
 * Clock, timers and chance of this process are replaced. Calls of the engine that start "when this tick has run dry" are
 * left alone: between two timers everything that has begun comes to its end, as it does on a machine that is fast
 * enough. The memory store is not given a clock to be moved by hand: such a clock tells everybody of all that has
 * become due, which no store in the world does.
 */
export class VirtualTime {
  private readonly chance = Math.random;

  private constructor(readonly random: Random) {}

  /** From now on, until `stop`. @param seed - of all chance, in the engine too */
  static start(seed: number): VirtualTime {
    jest.useFakeTimers({
      now: Date.UTC(2027, 0, 1),
      doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'hrtime'],
    });
    const time = new VirtualTime(new Random(seed));
    const jitter = time.random.fork();
    Math.random = () => jitter.next();
    return time;
  }

  stop(): void {
    Math.random = this.chance;
    jest.useRealTimers();
  }

  /** Lets time pass until then, or longer: until something has come to its end. */
  async until<T>(end: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => (isOver = true);
    end.then(over, over);
    await rest();
    while (!isOver) {
      jest.advanceTimersToNextTimer();
      await rest();
    }
    return end;
  }
}

/** Resolves when that much simulated time has passed. */
export const after = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when all that has begun, and waits for nothing but itself, has come to its end. */
const rest = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
