import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Button } from './button.js';
import { Icon } from './icon.js';

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** The buttons at its end, after `Cancel`; of type `submit` with `onSubmit`. */
  readonly actions?: ComponentChildren;
  /** Escape, `Cancel`, or the cross: the one who shows it takes it away. */
  readonly onClose: () => void;
  /** With it, its content is a form. */
  readonly onSubmit?: () => void;
  readonly wide?: boolean;
  /** The word of the button that closes it. @default 'Cancel' */
  readonly dismiss?: string;
}

/** Shown for as long as it is rendered; what is behind it cannot be reached meanwhile. */
export function Dialog(props: DialogProps) {
  const { title, children, actions, onClose, onSubmit, wide } = props;
  const titleId = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    element.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <form
        method="dialog"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <header>
          <h2 id={titleId}>{title}</h2>
          <Button kind="quiet" label="Close" onClick={onClose}>
            <Icon name="close" />
          </Button>
        </header>
        <div class="content">{children}</div>
        <footer>
          <Button onClick={onClose}>{props.dismiss ?? 'Cancel'}</Button>
          {actions}
        </footer>
      </form>
    </dialog>
  );
}
