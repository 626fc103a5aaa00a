import { readClockTime } from '../../../lib/core/schedule/clock-time.js';

it.each<[string, string]>([
  ['3:30pm', '15:30:0'],
  ['3:30 PM', '15:30:0'],
  ['15:30', '15:30:0'],
  ['12.30', '12:30:0'],
  ['at 12:30', '12:30:0'],
  ['at 23:35', '23:35:0'],
  ['5pm', '17:0:0'],
  ['at 5pm', '17:0:0'],
  ['9am', '9:0:0'],
  ['at 9', '9:0:0'],
  ['09:05:10', '9:5:10'],
  ['12am', '0:0:0'],
  ['12pm', '12:0:0'],
  ['12:30am', '0:30:0'],
  ['noon', '12:0:0'],
  ['at noon', '12:0:0'],
  [' Midnight ', '0:0:0'],
  ['0:00', '0:0:0'],
  ['at 12.30', '12:30:0'],
  ['5 pm', '17:0:0'],
  ['at 9 in the morning', '9:0:0'],
  ['9 in the evening', '21:0:0'],
  ['in the evening at 9', '21:0:0'],
  ['in the afternoon', '14:0:0'],
  ['morning', '8:0:0'],
])('%j is %s', (text, expected) => {
  const reading = readClockTime(text);
  const [hour, minute, second] = expected.split(':').map(Number);

  expect(reading).toEqual({ value: { hour, minute, second } });
});

it.each<[string, string]>([
  ['', 'it is empty'],
  ['9', 'a number alone is not a time of day'],
  ['25:00', 'the hour is 0 to 23'],
  ['24:00', 'the hour is 0 to 23'],
  ['13pm', 'with am or pm the hour is 1 to 12'],
  ['0am', 'with am or pm the hour is 1 to 12'],
  ['15:30pm', 'with am or pm the hour is 1 to 12'],
  ['9:60', 'minutes and seconds are 0 to 59'],
  ['9:05:60', 'minutes and seconds are 0 to 59'],
  ['9:5', "'9:5' is not a time of day"],
  ['3:30:15:10', "'3:30:15:10' is not a time of day"],
  ['at', 'its end is missing'],
  ['noonish', "'noonish' is not understood"],
  ['-3:30', "'-' is not understood"],
  ['9 in the afternoon', 'the afternoon is from 12:00 to 18:59'],
  // A day is no part of a daily time.
  ['3:30pm tomorrow', "'tomorrow' is not understood"],
  ['monday at 9', "'monday' is not understood"],
  ['tonight', "'tonight' is not understood"],
  ['in 5 minutes', "'in' is not understood"],
  ['2027-01-01T10:00:00Z', "'2027' is not understood"],
])('%j is refused: %s', (text, reason) => {
  expect(readClockTime(text)).toEqual({ reason: expect.stringContaining(reason) });
});
