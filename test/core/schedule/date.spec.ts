import { InvalidScheduleError } from '../../../lib/core/errors.js';
import { type DateInput, parseDate } from '../../../lib/core/schedule/date.js';
import { ACCEPTED, NOW } from './accepted-dates.js';

const read = (when: DateInput, timezone = 'UTC', now = NOW): string =>
  new Date(parseDate(when, { now, timezone })).toISOString();

describe.each(Object.entries(ACCEPTED))('%s', (_, rows) => {
  it.each(rows)('%j is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('a date that is no text', () => {
  it.each<[DateInput, string]>([
    [new Date('2027-01-01T00:00:00Z'), '2027-01-01T00:00:00.000Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [5, '1970-01-01T00:00:00.005Z'],
    [1_735_689_600_000, '2025-01-01T00:00:00.000Z'],
  ])('%p is %s', (when, expected) => {
    expect(read(when)).toBe(expected);
  });
});

describe('a date in a zone', () => {
  // In New York it is Wednesday 05:20:30.456, in Kolkata 15:50:30.456, in Kiritimati Thursday 00:20:30.456.
  it.each<[DateInput, string, string]>([
    ['2027-01-01', 'America/New_York', '2027-01-01T05:00:00.000Z'],
    ['2027-07-01', 'America/New_York', '2027-07-01T04:00:00.000Z'],
    ['2027-01-01 10:00', 'Asia/Kolkata', '2027-01-01T04:30:00.000Z'],
    ['2027-01-01T10:00', 'Asia/Kolkata', '2027-01-01T04:30:00.000Z'],
    ['2027-01-01T10:00:00Z', 'Asia/Kolkata', '2027-01-01T10:00:00.000Z'],
    ['March 10 2027', 'America/New_York', '2027-03-10T05:00:00.000Z'],
    ['Wed, 10 Mar 2027 14:30:00 GMT', 'America/New_York', '2027-03-10T14:30:00.000Z'],
    ['5pm', 'America/New_York', '2026-03-04T22:00:00.000Z'],
    ['9am', 'America/New_York', '2026-03-04T14:00:00.000Z'],
    ['at 12:30', 'Asia/Kolkata', '2026-03-05T07:00:00.000Z'],
    ['tomorrow at noon', 'Asia/Kolkata', '2026-03-05T06:30:00.000Z'],
    ['tomorrow', 'Asia/Kolkata', '2026-03-05T10:20:30.456Z'],
    ['today at noon', 'Pacific/Kiritimati', '2026-03-04T22:00:00.000Z'],
    ['thursday', 'Pacific/Kiritimati', '2026-03-11T10:20:30.456Z'],
    ['wednesday', 'Pacific/Kiritimati', '2026-03-10T10:20:30.456Z'],
    ['tonight', 'America/Sao_Paulo', '2026-03-04T22:00:00.000Z'],
    ['2nd of January', 'Europe/Paris', '2027-01-02T10:20:30.456Z'],
    ['in 10 minutes', 'Australia/Lord_Howe', '2026-03-04T10:30:30.456Z'],
  ])('%j in %s is %s', (when, timezone, expected) => {
    expect(read(when, timezone)).toBe(expected);
  });

  it('without a clock and without a zone is midnight in UTC, if it is ISO', () => {
    expect(parseDate('2027-01-01', { now: NOW })).toBe(Date.UTC(2027, 0, 1));
  });

  it.each(['Nope/Zone', '', '+02:00', 'in 5 minutes'])('named %j is refused', (timezone) => {
    for (const when of ['in 5 minutes', '5pm', new Date(), NOW])
      expect(() => parseDate(when, { now: NOW, timezone })).toThrow(
        'it is not the name of a time zone',
      );
  });
});

describe('a date that is refused', () => {
  const refused = (when: unknown) => {
    try {
      return parseDate(when as string, { now: NOW, timezone: 'UTC' });
    } catch (error) {
      return error as InvalidScheduleError;
    }
  };

  it.each<[unknown, string]>([
    [new Date(NaN), 'it is not a valid date'],
    [null, 'it is neither a Date, a number nor a text'],
    [undefined, 'it is neither a Date, a number nor a text'],
    [{}, 'it is neither a Date, a number nor a text'],
    [true, 'it is neither a Date, a number nor a text'],
    [NaN, 'it is not a valid date'],
    [Infinity, 'it is not between the years 0 and 9999'],
    [253_402_300_800_000, 'it is not between the years 0 and 9999'],
    [new Date(253_402_300_800_000), 'it is not between the years 0 and 9999'],
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    ['in 5 minutes '.repeat(100), 'it is longer than 256 characters'],
    // Digits.
    ['5', 'a number is a date only as milliseconds since the epoch, with 12 to 16 digits'],
    ['13', 'a number is a date only as milliseconds since the epoch, with 12 to 16 digits'],
    ['20270101', 'a number is a date only as milliseconds since the epoch, with 12 to 16 digits'],
    ['12345678901234567', 'a number is a date only as milliseconds since the epoch'],
    ['9999999999999999', 'it is not between the years 0 and 9999'],
    // ISO 8601.
    ['2027-1-1', 'it is not a date and time of ISO 8601'],
    ['2027-13-01', 'there is no such date or time of day'],
    ['2027-02-29', 'there is no such date or time of day'],
    ['2027-04-31', 'there is no such date or time of day'],
    ['2027-01-01T24:00:00Z', 'there is no such date or time of day'],
    ['2027-01-01T10:60:00Z', 'there is no such date or time of day'],
    ['2027-01-01T10:00:60Z', 'there is no such date or time of day'],
    ['2027-01-01T10:00:00+25:00', "'+25:00' is not an offset from UTC"],
    ['2027-01-01T10:00:00 foo', 'it is not a date and time of ISO 8601'],
    ['2027-01-01T', 'it is not a date and time of ISO 8601'],
    ['2027-W01-1', 'it is not a date and time of ISO 8601'],
    // Words without a meaning.
    ['hello', "'hello' is not understood"],
    ['hello 5', "'hello' is not understood"],
    ['end of month', "'end' is not understood"],
    ['weekend', "'weekend' is not understood"],
    ['this weekend', "'weekend' is not understood"],
    ['tomorrow please', "'please' is not understood"],
    ['tomorrow at 9 sharp', "'sharp' is not understood"],
    ['tomorrow.', "'.' is not understood"],
    ['tomorrow, 9am', "',' is not understood"],
    ['to morrow', "'to' is not understood"],
    ['every monday', "'every' is not understood"],
    ['every 5 minutes', "'every' is not understood"],
    ['PT5M', "'pt' is not understood"],
    ['tues', "'tues' is not understood"],
    ['* * * * *', "'*' is not understood"],
    // Words whose company is missing, or wrong.
    ['next', 'its end is missing'],
    ['next decade', "'decade' is not understood"],
    ['next tomorrow', "'tomorrow' is not understood"],
    ['next week soon', "'soon' is not understood"],
    ['last night', "'night' is not understood"],
    ['this', 'its end is missing'],
    ['this week', "'week' is not understood"],
    ['day after', "'day' has no number"],
    ['day after today', "'day' has no number"],
    ['tomorrow at', 'its end is missing'],
    ['at', 'its end is missing'],
    ['at tomorrow', "'tomorrow' is not a time of day"],
    ['in', 'its end is missing'],
    ['in the', "'the' is not understood"],
    ['in tomorrow', "'tomorrow' is not understood"],
    ['ago', "'ago' is not understood"],
    ['from now', "'from' is not understood"],
    ['2 weeks from', 'its end is missing'],
    ['2 weeks from gmt', 'GMT goes only with a date'],
    // Amounts of time.
    ['minute', "'minute' has no number"],
    ['week', "'week' has no number"],
    ['in minute', "'minute' has no number"],
    ['in 5', 'a number without a unit stands at its end'],
    ['in 3 decades', "'decades' is not a unit of time"],
    ['in -5 minutes', "'-' is not understood"],
    ['-5 minutes', "'-' is not understood"],
    ['in 5 minutes and', 'its end is missing'],
    ['in 10:30 minutes', "'10:30' is not understood"],
    ['in 8000 years', 'it is not between the years 0 and 9999'],
    ['in 999999999999999 years', 'it is not between the years 0 and 9999'],
    ['in 99999999999999999999 seconds', 'it is not between the years 0 and 9999'],
    // Clocks.
    ['tomorrow 9', 'a number without a unit stands at its end'],
    ['25:00', 'the hour is 0 to 23'],
    ['at 24', 'the hour is 0 to 23'],
    ['24:00', 'the hour is 0 to 23'],
    ['13pm', 'with am or pm the hour is 1 to 12'],
    ['0am', 'with am or pm the hour is 1 to 12'],
    ['15:30pm', 'with am or pm the hour is 1 to 12'],
    ['at 9:60', 'minutes and seconds are 0 to 59'],
    ['at 9:5', "'9:5' is not a time of day"],
    ['at 130', "'130' is not a time of day"],
    ['5pm 6pm', 'it has two times of day'],
    ['tomorrow at noon at 5', 'it has two times of day'],
    // Parts of the day that do not fit.
    ['tomorrow morning at 3pm', 'the morning is from 0:00 to 11:59, and its clock is not'],
    ['tomorrow morning at noon', 'the morning is from 0:00 to 11:59, and its clock is not'],
    ['tomorrow afternoon at 9', 'the afternoon is from 12:00 to 18:59, and its clock is not'],
    ['12 in the evening', 'the evening is from 17:00 to 23:59, and its clock is not'],
    ['tonight at midnight', 'the night is from 17:00 to 23:59, and its clock is not'],
    ['tonight at 1', 'the night is from 17:00 to 23:59, and its clock is not'],
    ['tomorrow morning evening', 'it has two parts of the day'],
    ['tonight in the evening', 'it has two parts of the day'],
    // Days of a month.
    ['31st of September', 'there is no 31 September'],
    ['February 30', 'there is no 30 February'],
    ['January 0', 'there is no 0 January'],
    ['January 32', 'there is no 32 January'],
    ['29 February 2027', 'there is no 29 February 2027'],
    ['January', 'its end is missing'],
    ['March 2027', "'2027' is not understood"],
    ['2st of January', "'2st' should be '2nd'"],
    ['11st of January', "'11st' should be '11th'"],
    ['2nd', 'its end is missing'],
    ['2nd of', 'its end is missing'],
    ['2nd day January', "'day' is not understood"],
    ['2 of January', "'of' is not a unit of time"],
    ['March 10, 14:30', "'14:30' is not understood"],
    ['March 10 27', 'a number without a unit stands at its end'],
    ['Tue, 10 Mar 2027', 'that day is a wednesday'],
    ['Wed, 10 Mar', 'a weekday goes with a date only where the year is written too'],
    ['Wed,', 'its end is missing'],
    ['this Wed, 10 Mar 2027', "',' is not understood"],
    ['10 March 14:30 GMT', 'GMT goes only with a date and clock whose year is written too'],
    ['5pm GMT', 'GMT goes only with a date and clock whose year is written too'],
    ['10 March 2027 GMT', 'GMT goes only with a date and clock whose year is written too'],
    // Pieces that do not go together.
    ['monday tuesday', 'it has two days'],
    ['tomorrow wednesday', 'it has two days'],
    ['today tonight', 'it has two days'],
    ['wednesday 2 weeks from now', 'its amount of time does not go with the rest'],
    ['tomorrow 2 hours from now', 'its amount of time does not go with the rest'],
    ['tomorrow in 2 days', 'its amount of time does not go with the rest'],
    ['in 2 hours at 5pm', 'its amount of time does not go with the rest'],
    ['in 1.5 days at 5pm', 'its amount of time does not go with the rest'],
    ['2 years ago tomorrow', 'its amount of time does not go with the rest'],
    ['5pm 2 days', 'its amount of time does not go with the rest'],
    ['now at 5pm', 'its amount of time does not go with the rest'],
    ['in 2 days in 2 days', 'it has two amounts of time in different places'],
    ['5pm 2 weeks from wednesday', "'from' is not understood"],
  ])('%p: %s', (when, reason) => {
    const error = refused(when);

    expect(error).toBeInstanceOf(InvalidScheduleError);
    expect((error as InvalidScheduleError).reason).toContain(reason);
  });

  it('comes with its text, the reason and examples that work', () => {
    expect(refused('in 3 decades')).toHaveProperty(
      'message',
      "Cannot schedule `'in 3 decades'` (string): 'decades' is not a unit of time." +
        " Examples that work: 'in 10 minutes', 'tomorrow at 9am', 'next friday at noon'," +
        " '2nd of January at 17:00', '2 weeks from wednesday', '2027-01-01 10:00'," +
        " '2027-01-01T10:00:00Z'.",
    );
  });

  it('comes with examples that do work', () => {
    const { examples } = refused('hello') as InvalidScheduleError;

    expect(examples.map((text) => parseDate(text, { now: NOW }))).not.toContain(NaN);
  });
});
