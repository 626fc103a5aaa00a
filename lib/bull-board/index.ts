export type { BullBoardOptions } from './adapter-options.js';
export { AllJobNames } from './all-job-names.js';
export { JobNameAdapter } from './job-name-adapter.js';
export { RefusedByStateError } from './refused-by-state-error.js';
