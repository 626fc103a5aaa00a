import { ManualClock, MemoryBackend } from '../../../lib/memory/index.js';
import { closeBenches, makeBench, nextEvent } from './support.js';

/*
 * Whatever a handler throws or returns, its job settles: with a reason that is stored, without an
 * unhandled rejection, and without the loss of a slot.
 */

afterEach(async () => {
  await closeBenches();
  // An unhandled rejection fails the test that is under way when Node tells of it, a little later.
  await new Promise(setImmediate);
});

const refusal = (): never => {
  throw new Error('do not touch me');
};

/** A proxy that throws at every question. */
function untouchable(target: object): object {
  const traps = Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refusal] as const);
  return new Proxy(target, Object.fromEntries(traps));
}

class Touchy extends Error {
  override get message(): string {
    return refusal();
  }
  override get stack(): string {
    return refusal();
  }
}

class SubscriptionEnded extends Error {}

function cyclic(): Error {
  const [first, second] = [new Error('round'), new Error('and round')];
  first.cause = second;
  second.cause = first;
  return first;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const named = (name: unknown): Error => Object.assign(new Error('named'), { name });

const thrown: [string, unknown, string, RegExp][] = [
  ['undefined', undefined, 'ThrownValue', /^The handler threw undefined$/],
  ['null', null, 'ThrownValue', /^The handler threw null$/],
  ['false', false, 'ThrownValue', /false/],
  ['a text', 'no luck', 'ThrownValue', /^no luck$/],
  ['an empty text', '', 'ThrownValue', /^$/],
  ['a text of 10 MiB', 'x'.repeat(10 * 1024 * 1024), 'ThrownValue', /^x{4096}$/],
  ['a number', 0, 'ThrownValue', /0/],
  ['a bigint', 1n, 'ThrownValue', /1/],
  ['a symbol', Symbol('odd'), 'ThrownValue', /Symbol\(odd\)/],
  ['a function', () => 1, 'ThrownValue', /Function/],
  [
    'a function without a text',
    Object.assign(() => 1, { toString: refusal }),
    'ThrownValue',
    /threw/,
  ],
  ['an object without a prototype', Object.create(null), 'ThrownValue', /The handler threw/],
  ['an object with a message', { message: 'from afar' }, 'ThrownValue', /^from afar$/],
  ['a frozen object', Object.freeze({ code: 7 }), 'ThrownValue', /code: 7/],
  ['an object that shows itself', { toString: refusal, toJSON: refusal }, 'ThrownValue', /threw/],
  ['a frozen error', Object.freeze(new Error('cold')), 'Error', /^cold$/],
  [
    'an error of a class without a name',
    new SubscriptionEnded('over'),
    'SubscriptionEnded',
    /^over$/,
  ],
  ['an error that cannot be read', new Touchy(), 'Touchy', /^$/],
  ['an error whose message is no text', Object.assign(new Error(), { message: 7 }), 'Error', /^$/],
  ['an error whose name is no text', named(Symbol('name')), 'Error', /^named$/],
  ['an error with a name of 10 KiB', named('N'.repeat(10_240)), 'N'.repeat(256), /^named$/],
  ['an error that cannot be JSON', Object.assign(new Error('big'), { big: 1n }), 'Error', /^big$/],
  ['an error that is its own cause', cyclic(), 'Error', /^round$/],
  ['an error of 10 MiB', new Error('y'.repeat(10 * 1024 * 1024)), 'Error', /^y{4096}$/],
  ['an error with half a character', new Error('\ud83d'), 'Error', /^.$/],
  ['several errors', new AggregateError([1, new Error('a')], 'all'), 'AggregateError', /^all$/],
  [
    'several errors without a word of their own',
    new AggregateError([new Error('refused'), undefined, new Touchy(), new Error('timed out')]),
    'AggregateError',
    /^refused; timed out$/,
  ],
  ['a proxy that throws at everything', untouchable({}), 'ThrownValue', /The handler threw/],
  ['a function like that', untouchable(() => 1), 'ThrownValue', /The handler threw/],
  ['an error behind such a proxy', untouchable(new Error('x')), 'ThrownValue', /The handler threw/],
  ['a proxy that is revoked', revoked(), 'ThrownValue', /The handler threw/],
];

describe.each<[string, (what: unknown) => () => unknown]>([
  [
    'throws',
    (what) => () => {
      throw what;
    },
  ],
  ['rejects with', (what) => () => Promise.reject(what)],
])('a handler that %s', (_how, handlerThat) => {
  it.each(thrown)('%s has failed, and the reason is stored', async (_what, what, name, message) => {
    const { engine } = await makeBench({}, new MemoryBackend({ clock: new ManualClock() }));
    engine.handlers.define('odd', handlerThat(what), { attempts: 1 });
    const dead = nextEvent(engine, 'dead');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('odd');

    const { failure } = await dead;
    expect(failure).toMatchObject({ name, reason: 'exhausted' });
    expect(failure.message).toMatch(message);
    const stored = (await engine.scheduler.get(id))!;
    expect(stored).toMatchObject({ state: 'failed', failCount: 1, failReason: failure.message });
    expect(engine.workerHost.status()).toMatchObject({ running: 0, unsettled: 0 });
  });
});

const failing = (message: RegExp) => ({ failReason: expect.stringMatching(message) as unknown });

/* oxlint-disable unicorn/no-thenable -- that is what this is about */
const returned: [string, () => unknown, object][] = [
  ['a promise', async () => 1, { result: 1 }],
  ['a promise of a promise', async () => Promise.resolve(1), { result: 1 }],
  ['a thenable', () => ({ then: (done: (value: number) => void) => done(1) }), { result: 1 }],
  [
    'a function that is a thenable',
    () => Object.assign(() => 0, { then: (done: (value: number) => void) => done(1) }),
    { result: 1 },
  ],
  [
    'a promise of a thenable',
    async () => ({ then: (done: (value: number) => void) => done(1) }),
    { result: 1 },
  ],
  [
    'a thenable that fails',
    () => ({ then: (_: unknown, failed: (why: unknown) => void) => failed('no') }),
    failing(/^no$/),
  ],
  ['a thenable that throws', () => ({ then: refusal }), failing(/do not touch me/)],
  [
    'a thenable that throws when it is done',
    () => ({
      then: (done: (value: number) => void) => {
        done(1);
        refusal();
      },
    }),
    { result: 1 },
  ],
  [
    'a thenable that cannot make up its mind',
    () => ({
      then: (done: (value: number) => void, failed: (why: unknown) => void) => {
        done(1);
        failed('no');
        done(2);
      },
    }),
    { result: 1 },
  ],
  [
    'what has an untouchable `then`',
    () => ({
      get then() {
        return refusal();
      },
    }),
    failing(/touch/),
  ],
  ['a proxy that throws at everything', () => untouchable({}), failing(/touch/)],
  ['a proxy that is revoked', revoked, failing(/revoked/)],
];
/* oxlint-enable unicorn/no-thenable */

describe('a handler that returns', () => {
  it.each(returned)('%s has ended as that does', async (_what, handler, end) => {
    const { engine, errors } = await makeBench();
    engine.handlers.define('odd', handler);
    const completed = nextEvent(engine, 'complete');
    await engine.workerHost.start();

    const { id } = await engine.scheduler.now('odd');
    await completed;

    expect(await engine.scheduler.get(id)).toMatchObject(end);
    expect(errors).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['has a `toJSON` that throws', () => ({ toJSON: refusal })],
    [
      'has one that throws what cannot be read',
      () => ({
        toJSON() {
          throw new Touchy();
        },
      }),
    ],
    [
      'has getters that throw',
      () => ({
        get secret() {
          return refusal();
        },
      }),
    ],
    ['is a Map', () => new Map()],
    ['is larger than 64 KiB', () => 'x'.repeat(70_000)],
    ['is a cycle', () => cyclic()],
    ['is a function', () => () => 1],
    ['is a symbol', () => Symbol('odd')],
    ['is a bigint', () => 1n],
  ])(
    'what %s has done its job: the result alone is not kept, which is a warning',
    async (_what, make) => {
      for (const handler of [make, async () => make()]) {
        const { engine, errors } = await makeBench();
        engine.handlers.define('odd', handler);
        const completed = nextEvent(engine, 'completed');
        const warned = nextEvent(engine, 'warning');
        await engine.workerHost.start();

        const { id } = await engine.scheduler.now('odd');
        const { job: ended } = await completed;

        const job = (await engine.scheduler.get(id))!;
        expect([job.state, job.result]).toEqual(['completed', undefined]);
        expect(job.resultOmitted).toEqual({ ...job.resultOmitted, reason: expect.any(String) });
        expect([ended.result, ended.resultOmitted]).toEqual([undefined, job.resultOmitted]);
        expect(await warned).toEqual({
          code: 'result-omitted',
          message: expect.stringContaining(
            `The result of attempt 1 of job ${id} ("odd") is not kept`,
          ),
        });
        expect(errors).toEqual([]);
      }
    },
  );
});
