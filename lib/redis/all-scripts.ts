import { script } from './script.js';
import * as sources from './scripts/index.js';

/** Every operation, by its name. */
export const scripts = {
  cancelJobs: script('cancel-jobs', sources.cancelJobs),
  clearLog: script('clear-log', sources.clearLog),
  claimOne: script('claim-one', sources.claimOne),
  claimRow: script('claim-row', sources.claimRow),
  countJobs: script('count-jobs', sources.countJobs),
  disableJobs: script('disable-jobs', sources.disableJobs),
  dropLogs: script('drop-logs', sources.dropLogs),
  enqueueJobs: script('enqueue-jobs', sources.enqueueJobs),
  getJobs: script('get-jobs', sources.getJobs),
  lockRow: script('lock-row', sources.lockRow),
  openStore: script('open-store', sources.openStore),
  pageIndexes: script('page-indexes', sources.pageIndexes),
  readLog: script('read-log', sources.readLog),
  registerNames: script('register-names', sources.registerNames),
  releaseRows: script('release-rows', sources.releaseRows),
  renewLeases: script('renew-leases', sources.renewLeases),
  rescueJobs: script('rescue-jobs', sources.rescueJobs),
  saveJob: script('save-job', sources.saveJob),
  settleAndClaim: script('settle-and-claim', sources.settleAndClaim),
  watchStates: script('watch-states', sources.watchStates),
  writeLog: script('write-log', sources.writeLog),
  writeRow: script('write-row', sources.writeRow),
} as const;
