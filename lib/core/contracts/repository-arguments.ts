import { checkVersion } from '../job/data-version.js';
import { readHeaders } from '../job/job-headers.js';
import { checkText } from '../job/job-id.js';
import type { JobRepositoryOptions } from './job-repository.js';

/**
 * What our repositories refuse of a save beside its row, with the same words.
 *
 * @throws InvalidOptionError, InvalidJobError
 */
export function checkBeside({ key, version, context }: JobRepositoryOptions): void {
  if (key !== undefined) checkText('key', key);
  if (version !== undefined) checkVersion('version', version);
  if (context !== undefined) readHeaders('context', context);
}
