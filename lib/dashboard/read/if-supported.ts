import { UnsupportedOperationError } from '../../core/index.js';

/** What a foreign backend does not keep is not there, and no reason to show nothing at all. */
export async function ifSupported<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof UnsupportedOperationError) return otherwise;
    throw error;
  }
}
