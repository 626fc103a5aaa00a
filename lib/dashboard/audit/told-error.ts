import { InvalidDataError, InvalidJobError } from '../../core/index.js';
import { withoutSecrets } from '../../nest/without-secrets.js';
import { apiErrorOf } from '../error-answers.js';

/** Why a change was not made, for people who may not see the data of jobs: without any of it. */
export function toldError(error: unknown): string {
  if (error instanceof InvalidJobError)
    return `The job's \`${error.part}\` must be ${error.remedy}.`;
  if (error instanceof InvalidDataError) {
    const places = error.issues.map(({ path }) => (path === '' ? 'the whole' : path));
    return `The data of "${error.jobName}" is not valid: ${places.slice(0, 20).join(', ')}`;
  }
  const { statusCode, message } = apiErrorOf(error);
  if (statusCode !== 500 || !(error instanceof Error)) return message;
  return withoutSecrets(error.message);
}
