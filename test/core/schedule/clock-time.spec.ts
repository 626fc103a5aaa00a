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
])('%j is %s', (text, expected) => {
  const reading = readClockTime(text);
  const [hour, minute, second] = expected.split(':').map(Number);

  expect(reading).toEqual({ value: { hour, minute, second } });
});

it.each(['', '9', '13', '25:00', '24:00', '13pm', '0am', '15:30pm', '9:60', '9:5', '9:05:60'])(
  '%j is refused',
  (text) => {
    expect(readClockTime(text)).toHaveProperty('reason');
  },
);

it.each(['noonish', '3:30pm tomorrow', 'at', '-3:30', '3:30:15:10'])('%j is refused', (text) => {
  expect(readClockTime(text)).toHaveProperty('reason');
});
