import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, CheckField, FailureNote, Section } from '../../components/index.js';
import { formatCount } from '../../format.js';
import { useLog } from './use-log.js';

/** What the handler has logged, the oldest line first. */
export function JobLogs(props: { readonly id: string; readonly isRunning: boolean }) {
  const { id, isRunning } = props;
  const [isFollowed, setFollowed] = useState(isRunning);
  const { lines, hasMore, isLoading, failure, loadMore } = useLog(id, isFollowed);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isFollowed && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [isFollowed, lines]);

  return (
    <Section
      title="Log"
      actions={<CheckField label="Follow" checked={isFollowed} onChange={setFollowed} />}
    >
      {failure !== null && <FailureNote failure={failure} onRetry={loadMore} />}
      {lines.length === 0 && failure === null && (
        <p class="hint">{isLoading ? 'Loading the log…' : 'Its handler has logged nothing.'}</p>
      )}
      {lines.length > 0 && (
        <div class="log" ref={box} role="log" aria-label="Log" tabIndex={0}>
          <ol>
            {lines.map((line, index) => (
              <li key={index}>{line}</li>
            ))}
          </ol>
        </div>
      )}
      {hasMore && !isFollowed && (
        <Button small busy={isLoading} onClick={loadMore}>
          Show more than these {formatCount(lines.length)} lines
        </Button>
      )}
    </Section>
  );
}
