import { isObservable, lastValueFrom } from 'rxjs';

/** Of an observable its last value, `undefined` if there is none; anything else as it is. */
export function lastValue(result: unknown): unknown {
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
}
