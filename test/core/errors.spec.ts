import {
  AgendaError,
  BackoffError,
  InvalidOptionError,
  InvalidScheduleError,
  LeaseLostError,
} from '../../lib/core/errors.js';

it('is an AgendaError with a name of its own and a cause', () => {
  const cause = new Error('why');
  const error = new InvalidOptionError('lease', 0, 'a duration', { cause });

  expect(error).toBeInstanceOf(AgendaError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'InvalidOptionError', cause });
});

it.each<[unknown, string]>([
  [0, '`0` (number)'],
  ['5 m', "`'5 m'` (string)"],
  [undefined, '`undefined`'],
  [null, '`null`'],
  [NaN, '`NaN` (number)'],
  [[1, 2], '`[ 1, 2 ]` (array)'],
  [{ a: 1 }, '`{ a: 1 }` (object)'],
  [new Date(0), '`1970-01-01T00:00:00.000Z` (Date)'],
  ['line\nbreak', "`'line\\nbreak'` (string)"],
])('an option with %p is shown with its type', (value, shown) => {
  expect(new InvalidOptionError('concurrency', value, 'a whole number of 1 or more').message).toBe(
    `Expected \`concurrency\` to be a whole number of 1 or more, got ${shown}.`,
  );
});

it.each([
  ['not-found', /no such job any more.*Stop/],
  ['not-running', /runs no more.*claim it again/],
  ['lease-expired', /its time was over.*Renew earlier/],
  ['lease-mismatch', /another attempt has the job.*leave the job to that one/],
  ['expired', /could not be renewed in time.*Stop soon/],
] as const)('a lost lease tells what has happened and what to do: %s', (reason, told) => {
  const { message } = new LeaseLostError('job-1', reason);

  expect(message).toContain(`job-1 is lost (${reason})`);
  expect(message).toMatch(told);
});

it('keeps a long value short', () => {
  const { message } = new InvalidOptionError('name', 'x'.repeat(10_000), 'short');

  expect(message.length).toBeLessThan(200);
});

it('a schedule tells the text, the reason, and examples where there are some', () => {
  expect(new InvalidScheduleError('foo', 'it is no date', ['now', 'in 5s']).message).toBe(
    "Cannot schedule `'foo'` (string): it is no date. Examples that work: 'now', 'in 5s'.",
  );
  expect(new InvalidScheduleError(7, 'it is no date').message).toBe(
    'Cannot schedule `7` (number): it is no date.',
  );
});

it('a broken backoff tells what it answered or threw', () => {
  expect(new BackoffError('mail', NaN).message).toBe(
    'The backoff function of job "mail" answered `NaN` (number). Expected a duration, a date,' +
      ' or nothing to stop; while attempts are left the job goes on without a wait.',
  );
  expect(new BackoffError('mail', undefined, { cause: new Error('bug') }).message).toContain(
    'threw ',
  );
});
