import type { QueueAdapterOptions } from '@bull-board/api/dist/types.js';
import { checkKnownKeys } from '../core/index.js';

/** What bull-board lets be said of a queue; for it each job name is one. */
export interface BullBoardOptions extends Partial<QueueAdapterOptions> {
  /** Whether a completed job may be run again: another one like it is added. @default false */
  allowCompletedRetries?: boolean;
}

const KEYS: readonly (keyof BullBoardOptions)[] = [
  'readOnlyMode',
  'allowRetries',
  'allowCompletedRetries',
  'prefix',
  'description',
  'displayName',
  'delimiter',
  'externalJobUrl',
  'jobDataSchema',
];

/** @throws InvalidOptionError for an unknown option */
export function adapterOptions(options: BullBoardOptions): BullBoardOptions {
  checkKnownKeys('', options, KEYS);
  // Names such as `mail.welcome` are shown as a tree.
  return { delimiter: '.', allowCompletedRetries: false, ...options };
}
