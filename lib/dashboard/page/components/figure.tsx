import type { ComponentChildren } from 'preact';

/** Figures in a quiet row. */
export function Figures({ children }: { readonly children: ComponentChildren }) {
  return <dl class="figures">{children}</dl>;
}

/** One figure with what it is. */
export function Figure(props: {
  readonly label: ComponentChildren;
  readonly value: ComponentChildren;
  /** Where there is more about it. */
  readonly href?: string;
  readonly tone?: 'bad' | 'warning';
}) {
  const { label, value, href, tone } = props;
  return (
    <div class={tone ? `figure ${tone}` : 'figure'}>
      <dt>{label}</dt>
      <dd>{href ? <a href={href}>{value}</a> : value}</dd>
    </div>
  );
}
