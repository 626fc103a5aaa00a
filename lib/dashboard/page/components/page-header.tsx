import type { ComponentChildren } from 'preact';

/** The head of each view: what it is, where it belongs, and what can be done. */
export function PageHeader(props: {
  readonly title: ComponentChildren;
  /** A link one up. */
  readonly up?: { readonly href: string; readonly text: string };
  readonly actions?: ComponentChildren;
  /** A line below the title. */
  readonly children?: ComponentChildren;
}) {
  return (
    <header class="page-header">
      <div>
        {props.up && (
          <a class="up" href={props.up.href}>
            {props.up.text}
          </a>
        )}
        <h1 tabIndex={-1}>{props.title}</h1>
        {props.children && <div class="about">{props.children}</div>}
      </div>
      {props.actions && <div class="actions">{props.actions}</div>}
    </header>
  );
}
