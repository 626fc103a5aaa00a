/** The command line cannot be meant; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
