import { useLayoutEffect, useState } from 'preact/hooks';
import { Button, Dialog, Icon } from '../components/index.js';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'Search or filter'],
  ['j or ↓', 'Next job of a list'],
  ['k or ↑', 'Previous job of a list'],
  ['Enter', 'Open it'],
  ['x', 'Select it'],
  ['Escape', 'Leave a field or a dialog'],
  ['?', 'These keys'],
];

/** Whether a key is meant for what has the focus, or for a dialog, rather than for the page. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  if (document.querySelector('dialog[open]') !== null) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable]');
}

/** Listens for the keys of the whole page, and tells which there are. */
export function Keys() {
  const [isShown, setShown] = useState(false);
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      if (event.key === '?') setShown(true);
      if (event.key === '/' && focusSearch()) event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return (
    <>
      <Button kind="quiet" label="Keyboard shortcuts" onClick={() => setShown(true)}>
        <Icon name="keyboard" />
      </Button>
      {isShown && (
        <Dialog title="Keyboard shortcuts" dismiss="Close" onClose={() => setShown(false)}>
          <dl class="keys">
            {KEYS.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </>
  );
}

function focusSearch(): boolean {
  const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
  search?.focus();
  search?.select();
  return search !== null;
}
