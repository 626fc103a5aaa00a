import type { Command } from './command.js';
import { cancelCommand } from './commands/cancel-command.js';
import { cleanCommand } from './commands/clean-command.js';
import { countsCommand } from './commands/counts-command.js';
import { deadCommand } from './commands/dead-command.js';
import { doctorCommand } from './commands/doctor-command.js';
import { enqueueCommand } from './commands/enqueue-command.js';
import { hostsCommand } from './commands/hosts-command.js';
import { listCommand } from './commands/list-command.js';
import { pauseCommand, resumeCommand } from './commands/pause-commands.js';
import { promoteCommand } from './commands/promote-command.js';
import { removeCommand } from './commands/remove-command.js';
import { repartitionCommand } from './commands/repartition-command.js';
import { requeueCommand } from './commands/requeue-command.js';
import { schedulesCommand } from './commands/schedules-command.js';
import { showCommand } from './commands/show-command.js';
import { disableCommand, enableCommand } from './commands/switch-commands.js';
import { topCommand } from './commands/top-command.js';

/** All commands by their names, in the order of the overview, group by group. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  counts: countsCommand,
  top: topCommand,
  schedules: schedulesCommand,
  hosts: hostsCommand,

  enqueue: enqueueCommand,
  list: listCommand,
  show: showCommand,
  promote: promoteCommand,
  disable: disableCommand,
  enable: enableCommand,
  cancel: cancelCommand,
  remove: removeCommand,
  clean: cleanCommand,

  dead: deadCommand,
  requeue: requeueCommand,

  pause: pauseCommand,
  resume: resumeCommand,

  doctor: doctorCommand,
  repartition: repartitionCommand,
};
