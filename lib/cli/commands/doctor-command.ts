import { checkStore, type Finding, type StoreReport } from '../../redis/index.js';
import { COMMON_USAGE, noWords, readArguments, wholeNumberArgument } from '../arguments.js';
import { EXIT, type Command, type CommandIo } from '../command.js';
import { connectionOf } from '../connection-arguments.js';
import { printJson } from '../format/json.js';
import { plainText } from '../format/plain-text.js';
import { styleOf, type StyleName } from '../format/style.js';

export const doctorCommand: Command = {
  group: 'The store',
  purpose: 'look whether Redis and all keys of the store are sound, and mend what can be mended',
  usage: `doctor [--repair] [options]

  --repair           mend what can be mended without a loss; without it nothing is written
  --pace <percent>   the most of a server's time that it takes, 1 to 100 (50)
${COMMON_USAGE}

Workers and producers may go on meanwhile. docs/operations.md says what each finding means.
Exit code 1: something is wrong, and was not mended.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, {
      repair: { type: 'boolean' },
      pace: { type: 'string' },
    });
    noWords(positionals);
    const pace = wholeNumberArgument('pace', values.pace, { max: 100 });
    const report = await checkStore(connectionOf(values, io), {
      repair: values.repair ?? false,
      ...(pace !== undefined && { pace }),
      tell: (line) => io.tell(line),
    });
    if (values.json) printJson(io, report);
    else printReport(report, io);
    return report.isSound ? EXIT.done : EXIT.failed;
  },
};

const LEVEL_STYLES: Readonly<Record<Finding['level'], StyleName>> = {
  fault: 'red',
  warning: 'yellow',
  unchecked: 'dim',
};

const OUTCOMES: Readonly<Record<Finding['outcome'], string>> = {
  mended: 'mended',
  mendable: 'can be mended: --repair',
  left: '',
};

function printReport(report: StoreReport, io: CommandIo): void {
  const style = styleOf(io);
  for (const server of report.servers) io.print(serverLine(server));
  for (const finding of report.findings) {
    const { level, code, message, partition, outcome, remedy } = finding;
    const where = partition === undefined ? '' : `partition ${partition}: `;
    io.print(
      `${style(level.padEnd(9), LEVEL_STYLES[level])} ${code}  ${where}${plainText(message)}`,
    );
    const advice = remedy ?? OUTCOMES[outcome];
    if (advice !== '')
      io.print(`          ${style(advice, outcome === 'mended' ? 'green' : 'dim')}`);
  }
  for (const { code, found } of report.counts) {
    const told = report.findings.filter((finding) => finding.code === code).length;
    if (found > told) io.print(`… and ${found - told} more of ${code}`);
  }
  io.print(verdict(report));
}

function serverLine({
  address,
  version,
  replicas,
  tripMs,
}: StoreReport['servers'][number]): string {
  const parts = [
    address,
    version === undefined ? 'version not told' : `version ${version}`,
    ...(replicas === undefined ? [] : [counted(replicas, 'replica')]),
    ...(tripMs === undefined ? [] : [`answers in ${tripMs.toFixed(1)} ms`]),
  ];
  return parts.join(', ');
}

function verdict({ jobs, counts, isSound, elapsedMs }: StoreReport): string {
  const faults = counts.filter(({ level }) => level === 'fault');
  const found = faults.reduce((sum, count) => sum + count.found, 0);
  const open = faults.reduce((sum, count) => sum + count.open, 0);
  const looked = `${counted(jobs, 'job')} looked at in ${(elapsedMs / 1000).toFixed(1)} seconds`;
  if (found === 0) return `${looked}: nothing is wrong.`;
  if (isSound) return `${looked}: ${counted(found, 'fault')}, all mended.`;
  return `${looked}: ${counted(found, 'fault')}, ${open} not mended.`;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`;
