import { Timetable } from '../../lib/core/foreign/timetable.js';

let timetable: Timetable;

beforeEach(() => {
  timetable = new Timetable();
});

it('tells how long it is until the first job of the names that are asked for', () => {
  timetable.note('mail', 5_000);
  timetable.note('mail', 3_000);
  timetable.note('report', 2_000);

  expect(timetable.nextIn(['mail', 'report'], 1_000)).toBe(1_000);
  expect(timetable.nextIn(['mail'], 1_000)).toBe(2_000);
  expect(timetable.nextIn(['other'], 1_000)).toBeNull();
});

it('forgets what is over, and goes on to the next', () => {
  timetable.note('mail', 3_000);
  timetable.note('mail', 5_000);

  timetable.passed('mail', 4_000);
  expect(timetable.nextIn(['mail'], 4_000)).toBe(1_000);
  timetable.passed('mail', 6_000);
  expect(timetable.nextIn(['mail'], 6_000)).toBeNull();
});

it('looks again for a job that a store may hand out a little later than it is due', () => {
  timetable.note('mail', 3_000);

  timetable.passed('mail', 3_000);
  expect(timetable.nextIn(['mail'], 3_000)).toBe(2);
  timetable.passed('mail', 3_002);
  expect(timetable.nextIn(['mail'], 3_002)).toBe(1);
  timetable.passed('mail', 3_003);
  expect(timetable.nextIn(['mail'], 3_003)).toBeNull();
});

it('remembers the first thousand of a name, whatever comes later', () => {
  for (let at = 10_000; at > 0; at--) timetable.note('mail', at);
  for (let at = 20_000; at < 30_000; at++) timetable.note('mail', at);

  timetable.passed('mail', 1_001);
  expect(timetable.nextIn(['mail'], 0)).toBe(999);
  timetable.passed('mail', 1_003);
  expect(timetable.nextIn(['mail'], 0)).toBeNull();
});
