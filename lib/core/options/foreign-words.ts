/*
 * Options of other libraries by their names there, and what they are called here, to follow "left out".
 */

/** Of a job. */
export const FOREIGN_WORDS: Readonly<Record<string, string>> = {
  jobId: 'it is called `id` here',
  lifo: 'it is called `first` here',
  repeat: 'use `scheduler.every(interval, name, data)`',
  cron: 'use `scheduler.every(rule, name, data)`',
  pattern: 'use `scheduler.every(rule, name, data)`',
  every: 'use `scheduler.every(interval, name, data)`',
  deduplication: 'use `dedupe`, or an `idempotencyKey`',
  debounce: "use `dedupe` with `mode: 'debounce'`",
  throttle: 'use an `idempotencyKey` with `idempotencyRelease`',
  unique: 'use `dedupe`, or an `idempotencyKey`',
  ttl: 'it is called `expiresIn` here',
  expireIn: 'it is called `expiresIn` here',
  keepLogs: 'a job keeps its newest lines by itself',
  stackTraceLimit: 'stacks are cut by themselves',
  sizeLimit: 'use the option `maxDataBytes` of the engine',
  parent: 'jobs have no parents here',
  group: 'use `key`, and limits per key',
  timestamp: 'jobs are stamped by the clock of the store',
  runAt: 'use `scheduler.schedule(when, name, data)`',
  startAfter: 'use `scheduler.schedule(when, name, data)`, or `delay`',
  when: 'use `scheduler.schedule(when, name, data)`',
  retries: 'use `attempts`, which counts the first run too',
  headers: 'it is called `context` here',
  telemetry: 'use `context`, or the module option `middleware`',
};

/** Of a handler. */
export const FOREIGN_HANDLER_WORDS: Readonly<Record<string, string>> = {
  limiter: 'use `rateLimit: { max, per }`',
  group: 'use `key`, and limits per key',
  settings: 'use `backoff`, which may be a function',
  lockDuration: 'use the option `lease` of the engine',
  lockRenewTime: 'leases are renewed by themselves',
  stalledInterval: 'lost jobs are looked for by themselves: see the option `lease` of the engine',
  maxStalledCount: 'it is called `maxRescues` here',
  autorun: 'use the option `worker` of the engine',
  retries: 'use `attempts`, which counts the first run too',
  lifo: 'it is called `first` here, and goes with the job',
  delay: 'it goes with the job',
};

/** Of a rate. */
export const FOREIGN_RATE_WORDS: Readonly<Record<string, string>> = {
  duration: 'it is called `per` here',
};

const OF_THE_HANDLER = 'it belongs to the options of the handler';
const OF_THE_CALL = 'it is the first argument here';

/** Of a recurring job. */
export const FOREIGN_RULE_WORDS: Readonly<Record<string, string>> = {
  tz: 'it is called `timezone` here',
  timeZone: 'it is called `timezone` here',
  utcOffset: 'use `timezone`',
  disabled: 'leave the rule out, or use `handlers.<name>.every: false`',
  waitForCompletion: 'no occurrence starts beside one that still runs',
  initialDelay: 'use `startDate`',
  pattern: OF_THE_CALL,
  cron: OF_THE_CALL,
  every: OF_THE_CALL,
  immediately: 'an interval begins at once, unless `skipImmediate` is true',
  limit: 'use `endDate`',
  jobId: 'there is one for each name and `key`',
  id: 'there is one for each name and `key`',
  attempts: OF_THE_HANDLER,
  backoff: OF_THE_HANDLER,
  timeout: OF_THE_HANDLER,
  removeOnComplete: OF_THE_HANDLER,
  removeOnFail: OF_THE_HANDLER,
};

/** Of an item of a bulk add. */
export const FOREIGN_ITEM_WORDS: Readonly<Record<string, string>> = {
  opts: 'it is called `options` here',
};
