import { members, readFlags } from './flags.js';
import { UsageError } from './usage-error.js';

describe('the command line of the benchmark', () => {
  it('is a command with flags, and defaults for all that is left out', () => {
    const { command, help, flags } = readFlags(['compare', '--jobs', '2000', '--aof']);

    expect(command).toBe('compare');
    expect(help).toBe(false);
    expect(flags).toEqual({
      jobs: 2_000,
      rounds: 5,
      payloadBytes: 200,
      workMs: 0,
      aof: true,
      systems: [],
      only: '',
      stored: 1_000_000,
      stock: ['finished'],
      prof: '.bench/profiles',
      json: undefined,
    });
  });

  it('takes lists of names', () => {
    expect(readFlags(['compare', '--systems', 'ours,bee-queue,agenda']).flags.systems).toEqual([
      'ours',
      'bee-queue',
      'agenda',
    ]);
    expect(members('only', 'P5, P6', ['P5', 'P6', 'P7'])).toEqual(['P5', 'P6']);
  });

  it('can ask for help alone', () => {
    expect(readFlags(['--help'])).toMatchObject({ command: undefined, help: true });
  });

  it.each([
    ['an unknown flag', ['compare', '--job', '10'], /--job/],
    ['a flag without its value', ['compare', '--jobs'], /--jobs/],
    ['a second command', ['compare', 'latency'], /"latency"/],
    ['an unknown system', ['compare', '--systems', 'ours,bull'], /"bull"/],
    ['an unknown kind of stock', ['growth', '--stock', 'gone'], /"gone"/],
    ['too few jobs', ['compare', '--jobs', '99'], /--jobs .* 100 or more, got "99"/],
    ['no round', ['compare', '--rounds', '0'], /--rounds/],
    ['an empty number', ['compare', '--work', ''], /--work/],
    ['a part of a number', ['compare', '--work', '0.5'], /--work/],
  ])('is refused with %s', (_, args, message) => {
    expect(() => readFlags(args)).toThrow(UsageError);
    expect(() => readFlags(args)).toThrow(message);
  });
});
