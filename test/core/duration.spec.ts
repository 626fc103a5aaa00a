import { durationOption, LONGEST_DURATION, parseDuration } from '../../lib/core/duration.js';
import { InvalidOptionError, InvalidScheduleError } from '../../lib/core/errors.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a duration', () => {
  it.each<[number | string, number]>([
    [5000, 5000],
    [1, 1],
    [1500.4, 1500],
    ['5000', 5000],
    [' 5000 ', 5000],
    ['5 minutes', 5 * MINUTE],
    ['5  Minutes', 5 * MINUTE],
    ['one minute', MINUTE],
    ['minute', MINUTE],
    ['two hours', 2 * HOUR],
    ['five hundred seconds', 500 * SECOND],
    ['twenty-five seconds', 25 * SECOND],
    ['twenty five seconds', 25 * SECOND],
    ['two hundred and five ms', 205],
    ['one thousand two hundred ms', 1200],
    ['one thousand and one ms', 1001],
    ['1.5 minutes', 90 * SECOND],
    ['1.1 minutes', 66 * SECOND],
    ['.5 hours', 30 * MINUTE],
    ['3 days', 3 * DAY],
    ['1 week', 7 * DAY],
    ['fortnight', 14 * DAY],
    ['2 fortnights', 28 * DAY],
    ['1 month', 30 * DAY],
    ['1 year', 365 * DAY],
    ['1 minute and 30 seconds', 90 * SECOND],
    ['one minute and thirty seconds', 90 * SECOND],
    ['1 hour 30 minutes', 90 * MINUTE],
    ['1 day, 2 hours', 26 * HOUR],
    ['1 day, 2 hours, and 3 minutes', 26 * HOUR + 3 * MINUTE],
    ['500 milliseconds', 500],
    ['500 ms', 500],
    ['500ms', 500],
    ['an hour', HOUR],
    ['a week', 7 * DAY],
    ['half an hour', 30 * MINUTE],
    ['half a day', 12 * HOUR],
    ['half hour', 30 * MINUTE],
    ['one and a half hours', 90 * MINUTE],
    ['2 and a half minutes', 150 * SECOND],
    ['5m', 5 * MINUTE],
    ['5 min', 5 * MINUTE],
    ['5 mins', 5 * MINUTE],
    ['1h', HOUR],
    ['12 Hours', 12 * HOUR],
    ['2 hrs', 2 * HOUR],
    ['90s', 90 * SECOND],
    ['90 secs', 90 * SECOND],
    ['1h30m', 90 * MINUTE],
    ['2d 12h', 60 * HOUR],
    ['2w', 14 * DAY],
    ['1mo', 30 * DAY],
    ['1y', 365 * DAY],
    ['every 5 minutes', 5 * MINUTE],
    ['every minute', MINUTE],
    ['Every half an hour', 30 * MINUTE],
    ['PT5M', 5 * MINUTE],
    ['PT1H30M', 90 * MINUTE],
    ['pt0.5s', 500],
    ['P1D', DAY],
    ['P1W', 7 * DAY],
    ['P1M', 30 * DAY],
    ['P1Y', 365 * DAY],
    ['P1DT12H', 36 * HOUR],
    ['100 years', LONGEST_DURATION],
  ])('reads %j as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each<[unknown]>([
    [0],
    [-1],
    [0.5],
    [NaN],
    [Infinity],
    [LONGEST_DURATION + 1],
    ['0'],
    ['0 minutes'],
    ['zero minutes'],
    ['-5 minutes'],
    ['-5'],
    ['+5 minutes'],
    ['5.5'],
    [''],
    ['   '],
    ['foo'],
    ['5'.repeat(300)],
    ['5 parsecs'],
    ['5 minutes foo'],
    ['about 5 minutes'],
    ['minutes 5'],
    ['5 5 minutes'],
    ['five five minutes'],
    ['twenty- minutes'],
    ['twenty zero minutes'],
    ['10:30 minutes'],
    ['1.2.3 minutes'],
    ['hundred hundred seconds'],
    ['1 minute and'],
    ['1 minute and second'],
    ['and 5 minutes'],
    ['5 minutes,'],
    ['1,000 ms'],
    ['1e3 ms'],
    ['every'],
    ['every other day'],
    ['in 5 minutes'],
    ['200 years'],
    ['P'],
    ['PT'],
    ['P1DT'],
    ['P1.2.3D'],
    ['-PT5M'],
    ['* * * * *'],
    [null],
    [undefined],
    [true],
    [[5]],
    [new Date()],
  ])('refuses %j', (value) => {
    expect(() => parseDuration(value as string)).toThrow(InvalidScheduleError);
  });

  it('tells the text, the reason and inputs that work', () => {
    expect(() => parseDuration('5 parsecs')).toThrow(
      "Cannot schedule `'5 parsecs'` (string): 'parsecs' is not a unit of time." +
        " Examples that work: '5 minutes', '90s', '1h30m', 'half an hour', 'PT5M'.",
    );
  });
});

describe('an option that is a duration', () => {
  it('is read like every duration', () => {
    expect(durationOption('lease', '30s')).toBe(30_000);
    expect(durationOption('lease', 30_000)).toBe(30_000);
  });

  it('may be zero where the option says so', () => {
    expect(durationOption('delay', 0, { min: 0 })).toBe(0);
    expect(durationOption('delay', '0 s', { min: 0 })).toBe(0);
    expect(() => durationOption('delay', 0)).toThrow(InvalidOptionError);
  });

  it('names the option, the value, the limits and the reason when it is refused', () => {
    expect(() => durationOption('lease', '10ms', { min: 1_000, max: 60_000 })).toThrow(
      'Expected `lease` to be a duration from 1000 ms to 60000 ms,' +
        " such as '5 seconds', '1h30m' or 5000 (it is shorter than 1000 ms), got `'10ms'` (string).",
    );
    expect(() => durationOption('lease', 'foo')).toThrow(InvalidOptionError);
  });
});
