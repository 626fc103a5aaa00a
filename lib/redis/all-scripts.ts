import { script } from './script.js';
import * as sources from './scripts/index.js';

/** Every operation, by its name, and what becomes of its call when replicas do not confirm it. */
export const scripts = {
  cancelJobs: script('cancel-jobs', sources.cancelJobs, 'rejects'),
  cleanJobs: script('clean-jobs', sources.cleanJobs),
  clearLog: script('clear-log', sources.clearLog),
  claimOne: script('claim-one', sources.claimOne),
  claimRow: script('claim-row', sources.claimRow),
  countJobs: script('count-jobs', sources.countJobs),
  disableJobs: script('disable-jobs', sources.disableJobs, 'rejects'),
  dropLogs: script('drop-logs', sources.dropLogs),
  enqueueJobs: script('enqueue-jobs', sources.enqueueJobs, 'rejects'),
  getJobs: script('get-jobs', sources.getJobs),
  inspectJob: script('inspect-job', sources.inspectJob),
  lockRow: script('lock-row', sources.lockRow),
  openStore: script('open-store', sources.openStore),
  pageIndexes: script('page-indexes', sources.pageIndexes),
  pruneJobs: script('prune-jobs', sources.pruneJobs),
  readHistory: script('read-history', sources.readHistory),
  readLog: script('read-log', sources.readLog),
  registerNames: script('register-names', sources.registerNames),
  releaseRows: script('release-rows', sources.releaseRows),
  renewLeases: script('renew-leases', sources.renewLeases),
  requeueJobs: script('requeue-jobs', sources.requeueJobs, 'rejects'),
  rescueJobs: script('rescue-jobs', sources.rescueJobs),
  saveJob: script('save-job', sources.saveJob, 'rejects'),
  scanJobs: script('scan-jobs', sources.scanJobs),
  settleAndClaim: script('settle-and-claim', sources.settleAndClaim, 'warns'),
  /** The same, with nothing to settle: a lease that is lost costs its job a second run, and no job. */
  claimAlone: script('settle-and-claim', sources.settleAndClaim),
  watchStates: script('watch-states', sources.watchStates),
  writeLog: script('write-log', sources.writeLog),
  writeRow: script('write-row', sources.writeRow, 'warns'),
} as const;
