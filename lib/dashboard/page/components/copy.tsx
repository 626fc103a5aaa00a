import { Button } from './button.js';
import { Icon } from './icon.js';
import { useToasts } from './toast.js';

/** Copies a text; `what` names it, such as `id`. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const toasts = useToasts();
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => toasts.say(`Copied ${what}.`),
      () =>
        toasts.fail(`The browser did not allow to copy. Select the ${what} and copy it by hand.`),
    );
  // There is no clipboard for pages that came over plain HTTP from another machine.
  if (navigator.clipboard === undefined) return null;
  return (
    <Button kind="quiet" small label={`Copy ${what}`} onClick={() => void copy()}>
      <Icon name="copy" />
    </Button>
  );
}
