/*
 * What runs in a process of its own: one task, told as JSON in the only argument. It answers by two
 * messages: that it is ready, if somebody may wait for that, and its result. It ends by itself: a
 * process that stays has left something open, which fails the run.
 */
import type { ChildMessage, Task } from './run-child.js';
import { addJobs } from './roles/add-jobs.js';
import { ask } from './roles/ask.js';
import { showDashboard } from './roles/show-dashboard.js';
import { sendPaced } from './roles/send-paced.js';
import { standBy } from './roles/stand-by.js';
import { stockStates } from './roles/stock-states.js';
import { stockUp } from './roles/stock-up.js';
import { takeSteps } from './roles/take-steps.js';
import { workAsCrew } from './roles/work-as-crew.js';
import { workLimited } from './roles/work-limited.js';
import { workOff } from './roles/work-off.js';
import { leavesTimers } from './systems/index.js';

function tell(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()));
}

function perform(task: Task): Promise<unknown> {
  switch (task.role) {
    case 'add':
      return addJobs(task);
    case 'work':
      return workOff(task, () => void tell({ kind: 'ready' }));
    case 'send':
      return sendPaced(task);
    case 'stock':
      return stockUp(task);
    case 'stock-states':
      return stockStates(task);
    case 'ask':
      return ask(task);
    case 'work-limited':
      return workLimited(task);
    case 'crew':
      return workAsCrew(task);
    case 'show-dashboard':
      return showDashboard(task);
    case 'stand-by':
      return standBy(task);
    case 'steps':
      return takeSteps(task);
  }
}

const task = JSON.parse(process.argv[2]!) as Task;
await tell({ kind: 'result', result: await perform(task) });
process.disconnect();
if ('system' in task && leavesTimers(task.system)) process.exit();
