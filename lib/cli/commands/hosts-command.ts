import type { HostInfo } from '../../core/index.js';
import { COMMON_USAGE, noWords, readArguments } from '../arguments.js';
import { EXIT, type Command } from '../command.js';
import { clockText } from '../format/clock-text.js';
import { printTable } from '../format/job-table.js';
import { printJson } from '../format/json.js';
import type { Column } from '../format/table.js';
import { withStore } from '../joined-store.js';

const COLUMNS: readonly Column[] = [
  { title: 'HOST' },
  { title: 'MACHINE', mayShrink: true, mayGo: true },
  { title: 'VERSION', mayGo: true },
  { title: 'RUNNING', isNumber: true },
  { title: 'SLOTS', isNumber: true },
  { title: 'STATE', mayGo: true },
  { title: 'SINCE', mayGo: true },
  { title: 'LAST SEEN' },
  { title: 'NAMES', mayShrink: true },
];

export const hostsCommand: Command = {
  group: 'Looking',
  purpose: 'the worker hosts that are alive',
  usage: `hosts [options]

  --utc              tell times in UTC
${COMMON_USAGE}

Each tells of itself every 15 seconds. Exit code 3: there is none.`,

  async run(args, io) {
    const { values, positionals } = readArguments(args, { utc: { type: 'boolean' } });
    noWords(positionals);
    const hosts = await withStore(values, io, 'look', (scheduler) => scheduler.hosts());
    if (values.json) printJson(io, { hosts: hosts.map(hostDocument) });
    else if (hosts.length === 0) io.tell('No worker host is alive.');
    else {
      const clock = clockText(values);
      const rows = hosts.map((host) => [
        host.host,
        host.machine ?? '-',
        host.version,
        String(host.running),
        String(host.slots),
        host.paused ? 'paused' : 'works',
        clock(host.startedAt),
        clock(host.lastSeenAt),
        host.names.map(({ name }) => name).join(', '),
      ]);
      printTable(io, COLUMNS, rows);
    }
    return hosts.length > 0 ? EXIT.done : EXIT.nothing;
  },
};

const hostDocument = ({ machine, ...host }: HostInfo): Record<string, unknown> => ({
  ...host,
  machine: machine ?? null,
});
