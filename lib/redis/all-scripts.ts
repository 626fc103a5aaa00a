import { script } from './script.js';
import * as sources from './scripts/index.js';

/** Every operation, by its name. */
export const scripts = {
  cancelJobs: script('cancel-jobs', sources.cancelJobs),
  countJobs: script('count-jobs', sources.countJobs),
  disableJobs: script('disable-jobs', sources.disableJobs),
  enqueueJobs: script('enqueue-jobs', sources.enqueueJobs),
  getJobs: script('get-jobs', sources.getJobs),
  openStore: script('open-store', sources.openStore),
  registerNames: script('register-names', sources.registerNames),
  renewLeases: script('renew-leases', sources.renewLeases),
  rescueJobs: script('rescue-jobs', sources.rescueJobs),
  saveJob: script('save-job', sources.saveJob),
  settleAndClaim: script('settle-and-claim', sources.settleAndClaim),
} as const;
