import { formatDuration } from '../format.js';

/** For how long the job has been due that waits longest; a dash when none waits. */
export function OldestWait({ ms }: { readonly ms: number }) {
  return ms === 0 ? <span class="none">–</span> : <>{formatDuration(ms)}</>;
}
