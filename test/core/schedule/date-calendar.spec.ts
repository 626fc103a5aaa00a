import { parseDate } from '../../../lib/core/schedule/date.js';

const read = (when: string, now: string, timezone: string): string =>
  new Date(parseDate(when, { now: Date.parse(now), timezone })).toISOString().replace('.000Z', 'Z');

describe('where clocks are put forward, a time that is left out comes as much later as they jump', () => {
  it.each<[zone: string, now: string, when: string, expected: string]>([
    // 2026-03-29, 02:00 → 03:00.
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'tomorrow at 2:30', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'sunday at 2am', '2026-03-29T01:00:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', '2:30', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-03-29T01:10:00Z', '2:30', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-03-29T01:30:00Z', '2:30', '2026-03-30T00:30:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', '2026-03-29 02:30', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-01-01T10:00:00Z', '29 March at 2:30', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-03-28T01:30:00Z', 'in 1 day', '2026-03-29T01:30:00Z'],
    ['Europe/Paris', '2026-03-28T01:30:00Z', 'tomorrow', '2026-03-29T01:30:00Z'],
    // 2026-03-08, 02:00 → 03:00.
    ['America/New_York', '2026-03-07T12:00:00Z', 'tomorrow at 2:30', '2026-03-08T07:30:00Z'],
    ['America/New_York', '2026-03-07T07:30:00Z', 'in 1 day', '2026-03-08T07:30:00Z'],
    ['America/New_York', '2026-03-01T12:00:00Z', '1 week from 2:15', '2026-03-09T06:15:00Z'],
    // 2026-10-04, 02:00 → 02:30.
    ['Australia/Lord_Howe', '2026-10-03T00:00:00Z', 'tomorrow at 2:15', '2026-10-03T15:45:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T00:00:00Z', 'tomorrow at 2:30', '2026-10-03T15:30:00Z'],
    ['Australia/Lord_Howe', '2026-10-02T15:45:00Z', 'in 1 day', '2026-10-03T15:45:00Z'],
    // 2018-11-04, 00:00 → 01:00.
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', 'midnight', '2018-11-04T03:00:00Z'],
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', 'tomorrow at 0:30', '2018-11-04T03:30:00Z'],
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-04', '2018-11-04T03:00:00Z'],
    ['America/Sao_Paulo', '2018-11-03T12:00:00Z', 'November 4 2018', '2018-11-04T03:00:00Z'],
    ['Africa/Cairo', '2027-04-29T12:00:00Z', 'midnight', '2027-04-29T22:00:00Z'],
    // They never are here.
    ['Asia/Kolkata', '2026-03-28T10:00:00Z', 'tomorrow at 2:30', '2026-03-28T21:00:00Z'],
    ['UTC', '2026-03-28T10:00:00Z', 'tomorrow at 2:30', '2026-03-29T02:30:00Z'],
  ])('in %s at %s: %j is %s', (zone, now, when, expected) => {
    expect(read(when, now, zone)).toBe(expected);
  });

  it.each<[zone: string, now: string, when: string, expected: string]>([
    // The time that is counted from is the one on the clock, not the one it was moved to.
    [
      'Europe/Paris',
      '2026-03-28T10:00:00Z',
      'tomorrow at 2:30 1 week from now',
      '2026-04-05T00:30:00Z',
    ],
    ['Europe/Paris', '2026-03-28T10:00:00Z', '1 week from sunday at 2:30', '2026-04-05T00:30:00Z'],
  ])('but not a week later: in %s at %s %j is %s', (zone, now, when, expected) => {
    expect(read(when, now, zone)).toBe(expected);
  });
});

describe('where clocks are put back, a time that comes twice is the first', () => {
  it.each<[zone: string, now: string, when: string, expected: string]>([
    // 2026-10-25, 03:00 → 02:00.
    ['Europe/Paris', '2026-10-24T10:00:00Z', 'tomorrow at 2:30', '2026-10-25T00:30:00Z'],
    ['Europe/Paris', '2026-10-24T10:00:00Z', '2026-10-25 02:30', '2026-10-25T00:30:00Z'],
    ['Europe/Paris', '2026-10-24T00:30:00Z', 'in 1 day', '2026-10-25T00:30:00Z'],
    ['Europe/Paris', '2026-10-24T00:30:00Z', 'tomorrow', '2026-10-25T00:30:00Z'],
    // Between the two: the first has passed, so the next one is tomorrow.
    ['Europe/Paris', '2026-10-25T00:50:00Z', '2:30', '2026-10-26T01:30:00Z'],
    // A year on, between the two as well.
    ['Europe/Paris', '2021-10-31T01:30:00Z', 'in 6 years', '2027-10-31T00:30:00Z'],
    // The present stays the present.
    ['Europe/Paris', '2026-10-25T01:30:00Z', 'today', '2026-10-25T01:30:00Z'],
    ['Europe/Paris', '2026-10-25T01:30:00Z', 'in 10 minutes', '2026-10-25T01:40:00Z'],
    ['America/New_York', '2026-10-31T12:00:00Z', 'tomorrow at 1:30', '2026-11-01T05:30:00Z'],
    ['America/New_York', '2026-10-31T05:30:00Z', 'in 1 day', '2026-11-01T05:30:00Z'],
    // 2026-04-05, 02:00 → 01:30.
    ['Australia/Lord_Howe', '2026-04-04T00:00:00Z', 'tomorrow at 1:45', '2026-04-04T14:45:00Z'],
    // 2018-02-17 24:00 → 23:00.
    ['America/Sao_Paulo', '2018-02-17T12:00:00Z', '23:30', '2018-02-18T01:30:00Z'],
    ['America/Sao_Paulo', '2018-02-18T02:10:00Z', '23:30', '2018-02-19T02:30:00Z'],
    ['Asia/Kolkata', '2026-10-24T10:00:00Z', 'tomorrow at 2:30', '2026-10-24T21:00:00Z'],
    ['UTC', '2026-10-24T10:00:00Z', 'tomorrow at 2:30', '2026-10-25T02:30:00Z'],
  ])('in %s at %s: %j is %s', (zone, now, when, expected) => {
    expect(read(when, now, zone)).toBe(expected);
  });
});

describe('over a change of the clocks', () => {
  it.each<[zone: string, now: string, when: string, expected: string]>([
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'in 1 day', '2026-03-29T09:00:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'in 24 hours', '2026-03-29T10:00:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'in 1 day and 1 hour', '2026-03-29T10:00:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'tomorrow', '2026-03-29T09:00:00Z'],
    ['Europe/Paris', '2026-03-28T10:00:00Z', 'next month', '2026-04-28T09:00:00Z'],
    ['Europe/Paris', '2026-10-24T10:00:00Z', 'in 1 week', '2026-10-31T11:00:00Z'],
    ['Europe/Paris', '2026-10-24T10:00:00Z', 'next week', '2026-10-31T11:00:00Z'],
    ['Europe/Paris', '2026-03-29T10:00:00Z', '1 day ago', '2026-03-28T11:00:00Z'],
    ['Europe/Paris', '2026-03-29T10:00:00Z', 'yesterday', '2026-03-28T11:00:00Z'],
    ['America/New_York', '2026-03-07T17:00:00Z', 'in 2 days', '2026-03-09T16:00:00Z'],
    ['America/New_York', '2026-03-07T17:00:00Z', 'monday', '2026-03-09T16:00:00Z'],
    ['America/New_York', '2026-03-07T17:00:00Z', 'in 48 hours', '2026-03-09T17:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T00:00:00Z', 'in 1 day', '2026-10-03T23:30:00Z'],
    ['America/Sao_Paulo', '2018-11-03T15:00:00Z', 'in 1 day', '2018-11-04T14:00:00Z'],
    ['Asia/Kolkata', '2026-03-28T10:00:00Z', 'in 1 month', '2026-04-28T10:00:00Z'],
    ['UTC', '2026-03-28T10:00:00Z', 'in 1 month', '2026-04-28T10:00:00Z'],
  ])(
    'in %s at %s days keep the clock on the wall, hours do not: %j is %s',
    (zone, now, when, expected) => {
      expect(read(when, now, zone)).toBe(expected);
    },
  );
});

describe.each<[zone: string, noonOffset: string]>([
  ['UTC', '+00:00'],
  ['Asia/Kolkata', '+05:30'],
])('months and years in %s', (zone, offset) => {
  it.each<[today: string, when: string, day: string]>([
    ['2026-01-31', 'in 1 month', '2026-02-28'],
    ['2028-01-31', 'in 1 month', '2028-02-29'],
    ['2026-01-31', 'next month', '2026-02-28'],
    ['2026-01-31', 'in 2 months', '2026-03-31'],
    ['2026-03-31', '1 month ago', '2026-02-28'],
    ['2026-05-31', 'last month', '2026-04-30'],
    ['2026-12-31', 'in 2 months', '2027-02-28'],
    ['2028-02-29', 'in 1 year', '2029-02-28'],
    ['2028-02-29', 'next year', '2029-02-28'],
    ['2028-02-29', 'in 4 years', '2032-02-29'],
    ['2028-02-29', 'last year', '2027-02-28'],
    ['2026-01-30', '1 month from tomorrow', '2026-02-28'],
    ['2026-12-31', 'tomorrow', '2027-01-01'],
    ['2028-02-28', 'tomorrow', '2028-02-29'],
    ['2026-02-28', 'tomorrow', '2026-03-01'],
    ['2026-03-01', 'yesterday', '2026-02-28'],
    ['2028-02-28', 'day after tomorrow', '2028-03-01'],
    ['2026-12-31', 'january 1', '2027-01-01'],
    ['2026-03-01', '29 february', '2028-02-29'],
    ['2028-02-29', '29 february', '2032-02-29'],
    ['2096-03-01', '29 february', '2104-02-29'],
    ['2026-12-30', 'friday', '2027-01-01'],
    // A Sunday is the last day of its week.
    ['2026-03-08', 'next week monday', '2026-03-09'],
    ['2026-03-09', 'next week monday', '2026-03-16'],
    ['2026-03-08', 'next week', '2026-03-15'],
    ['2026-03-08', 'sunday', '2026-03-15'],
    ['2026-03-08', 'last sunday', '2026-03-01'],
  ])('at noon of %s: %j is noon of %s', (today, when, day) => {
    const noon = (date: string) => new Date(`${date}T12:00:00${offset}`).toISOString();

    expect(read(when, noon(today), zone)).toBe(noon(day).replace('.000Z', 'Z'));
  });
});
