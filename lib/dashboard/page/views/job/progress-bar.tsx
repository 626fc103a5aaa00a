import { shareOf } from './progress.js';

/** How far a running job has come, where its handler tells it in a way that is understood. */
export function ProgressBar({ progress }: { readonly progress: unknown }) {
  const share = shareOf(progress);
  if (share === null) return null;
  const percent = `${Math.round(share * 100)} %`;
  return (
    <div class="progress">
      <progress max={1} value={share} aria-label="Progress" />
      <span aria-hidden="true">{percent}</span>
    </div>
  );
}
