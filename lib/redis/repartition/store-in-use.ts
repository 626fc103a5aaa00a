import { AgendaError } from '../../core/errors.js';

/** Somebody still works on the store. */
export class StoreInUseError extends AgendaError {}
