import { useState } from 'preact/hooks';
import type { Switched } from '../../../api/index.js';
import { Button, ConfirmDialog, Icon } from '../../components/index.js';
import { useShell } from '../../shell.js';
import { useChange } from '../../use-change.js';

interface PauseButtonProps {
  /** A job name; left out: everything. */
  readonly name?: string;
  readonly isPaused: boolean;
  /** Without words, in a row of a table. */
  readonly small?: boolean;
  readonly onChanged?: () => void;
}

/** Pauses, after it has asked for a reason, or resumes. Nothing where changes are refused. */
export function PauseButton({ name, isPaused, small, onChanged }: PauseButtonProps) {
  const { session } = useShell();
  const change = useChange();
  const [isAsking, setAsking] = useState(false);
  if (session.readOnly) return null;

  const what = name ?? 'everything';
  const place = name === undefined ? 'api' : `api/names/${encodeURIComponent(name)}`;
  const resume = async () => {
    if (await change.run<Switched>(`${place}/resume`, {}, resumed(what))) onChanged?.();
  };
  const verb = isPaused ? 'Resume' : 'Pause';
  return (
    <>
      <Button
        kind={small ? 'quiet' : isPaused ? 'primary' : 'plain'}
        small={small}
        busy={change.isBusy}
        label={`${verb} ${what}`}
        onClick={() => (isPaused ? void resume() : setAsking(true))}
      >
        <Icon name={isPaused ? 'play' : 'pause'} />
        {!small && (name === undefined ? `${verb} everything` : verb)}
      </Button>
      {isAsking && (
        <ConfirmDialog<Switched>
          title={`Pause ${what}`}
          confirm="Pause"
          reason={{ label: 'Reason, for those who find it paused' }}
          path={`${place}/pause`}
          said={paused(what)}
          onDone={() => {
            setAsking(false);
            onChanged?.();
          }}
          onClose={() => setAsking(false)}
        >
          <p>Jobs that run go on to their end; no others start until it is resumed.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function paused(what: string) {
  return ({ changed }: Switched) =>
    changed ? `Paused ${what}.` : `Nothing changed: ${what} was paused before.`;
}

function resumed(what: string) {
  return ({ changed }: Switched) =>
    changed ? `Resumed ${what}.` : `Nothing changed: ${what} was not paused.`;
}
