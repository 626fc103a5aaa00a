import { CronRule } from '../../../lib/core/schedule/cron.js';
import { Zone } from '../../../lib/core/schedule/zone.js';
import { scanMinutes, scanRule } from './minute-scanner.js';

const RULES = [
  '* * 4,5,8,25,29,30 3,4,10,11 *',
  '*/20 * * * *',
  '0 * * * *',
  '30 2 * * *',
  '0 2 * * *',
  '0 0 * * *',
  '30 1 * * *',
  '*/20 1-3 * * *',
  '*/15 2 * * *',
  '45 1,2 * * 0',
  '0 * 25 10 *',
  '0 12 13 * 5',
  '0 0 29 2 *',
  '5 4 1-7 */3 *',
];

// Two years of each, where something happens.
it.each<[zone: string, from: number]>([
  ['UTC', 2026],
  ['Europe/Paris', 2026],
  ['America/New_York', 2026],
  // Clocks change by half an hour.
  ['Australia/Lord_Howe', 2026],
  ['Asia/Kolkata', 2027],
  // Clocks changed at midnight until 2019.
  ['America/Sao_Paulo', 2017],
  // Midnight of 2027-04-30 is left out.
  ['Africa/Cairo', 2026],
  // Four changes a year.
  ['Africa/Casablanca', 2026],
  // 2011-12-30 is left out.
  ['Pacific/Apia', 2011],
  // A change that is no hour of UTC.
  ['America/St_Johns', 2010],
])(
  'cron fires in %s as the clock on the wall says, minute by minute, for two years from %d',
  (name, year) => {
    const [from, until] = [Date.UTC(year, 0, 1), Date.UTC(year + 2, 0, 1)];
    const minutes = scanMinutes(name, from, until);
    const zone = Zone.of(name);

    for (const text of RULES) {
      const rule = CronRule.parse(text, zone);
      const fired: number[] = [];
      for (let time = rule.after(from - 1); time !== null && time < until; time = rule.after(time))
        fired.push(time);
      expect({ text, fired: differences(fired, scanRule(text, minutes)) }).toEqual({
        text,
        fired: { missing: [], added: [], inOrder: true },
      });
    }
  },
);

it('finds the next time fast', () => {
  const rule = CronRule.parse('30 2 * * 1-5', Zone.of('Europe/Paris'));
  const rounds = 20_000;
  let time: number | null = Date.UTC(2026, 0, 1);
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) time = rule.after(time % Date.UTC(2036, 0, 1))!;

  expect(((performance.now() - started) / rounds) * 1_000).toBeLessThan(100);
});

/** Comparing a million numbers with `toEqual` would take longer than the scan. */
function differences(fired: readonly number[], wanted: readonly number[]) {
  const [firedSet, wantedSet] = [new Set(fired), new Set(wanted)];
  const show = (times: readonly number[]) =>
    times.slice(0, 5).map((time) => new Date(time).toISOString());
  return {
    missing: show(wanted.filter((time) => !firedSet.has(time))),
    added: show(fired.filter((time) => !wantedSet.has(time))),
    inOrder: fired.every((time, index) => index === 0 || time > fired[index - 1]!),
  };
}
