import type { ComponentChildren } from 'preact';

interface ButtonProps {
  readonly children?: ComponentChildren;
  readonly onClick?: (event: MouseEvent) => void;
  /** `primary`: the one thing to do here. `danger`: cannot be taken back. `quiet`: without a frame. */
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean;
  /** Something is under way because of it: it cannot be pressed again until then. */
  readonly busy?: boolean;
  /** Its name, where its content does not tell it. */
  readonly label?: string;
  /** For buttons that stay down. */
  readonly pressed?: boolean;
  readonly small?: boolean;
}

export function Button(props: ButtonProps) {
  const { kind = 'plain', type = 'button', busy = false, disabled = false } = props;
  return (
    <button
      class={`button ${kind}${props.small ? ' small' : ''}`}
      type={type}
      disabled={disabled || busy}
      aria-busy={busy || undefined}
      aria-pressed={props.pressed}
      aria-label={props.label}
      title={props.label}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
