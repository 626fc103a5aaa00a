import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { isTyping } from '../../frame/keys.js';
import { hashOfJob } from '../../router.js';
import { goTo } from '../../use-route.js';

/** `j`/`k` and the arrows move through the rows, Enter opens, `x` selects. Returns the row they are at. */
export function useListKeys(ids: readonly string[], onToggle: (id: string) => void): string | null {
  const [current, setCurrent] = useState<string | null>(null);
  const at = current === null ? -1 : ids.indexOf(current);

  // Before the page is painted: keys come faster than that.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step !== undefined && ids.length > 0) {
        event.preventDefault();
        setCurrent(ids[Math.min(ids.length - 1, Math.max(0, at + step))]!);
      } else if (event.key === 'Enter' && at >= 0 && !isOfControl(event)) {
        goTo(hashOfJob(ids[at]!));
      } else if (event.key === 'x' && at >= 0) {
        onToggle(ids[at]!);
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [ids, at, onToggle]);

  useEffect(() => {
    document.querySelector('.table tr[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return at < 0 ? null : current;
}

/** Enter belongs to the link or button that has the focus. The heading has it after each change of the view. */
const isOfControl = ({ target }: KeyboardEvent): boolean =>
  target instanceof Element && target.closest('a, button, summary, [tabindex="0"]') !== null;
