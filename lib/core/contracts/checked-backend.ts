import { InvalidOptionError } from '../errors.js';
import type { AgendaBackend } from './agenda-backend.js';

/** @throws InvalidOptionError unless it can be a backend */
export function checkedBackend(backend: AgendaBackend): AgendaBackend {
  if (typeof backend?.connect !== 'function' || typeof backend.repository !== 'object') {
    throw new InvalidOptionError(
      'backend',
      backend,
      'an AgendaBackend: an object with connect(), disconnect() and a repository',
    );
  }
  return backend;
}
