import { Button } from './button.js';

interface PagerProps {
  /** What is on the pages, such as `jobs`. */
  readonly what: string;
  /** Where one is. */
  readonly text: string;
  /** Left out: there is nothing before. */
  readonly onBack?: () => void;
  /** Left out: there is nothing behind. */
  readonly onNext?: () => void;
}

/** From page to page. Nothing where there is one page only. */
export function Pager({ what, text, onBack, onNext }: PagerProps) {
  if (!onBack && !onNext) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <Button disabled={!onBack} onClick={onBack}>
        Previous
      </Button>
      <span>{text}</span>
      <Button disabled={!onNext} onClick={onNext}>
        Next
      </Button>
    </nav>
  );
}
