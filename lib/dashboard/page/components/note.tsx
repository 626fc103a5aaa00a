import type { ComponentChildren } from 'preact';
import type { ApiFailure } from '../api-client.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

/** There is nothing to show: says why, and what to do. */
export function EmptyNote(props: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="note">
      <p class="title">{props.title}</p>
      {props.children && <div class="text">{props.children}</div>}
    </div>
  );
}

/** Something could not be asked for: says why, and offers another try where that may help. */
export function FailureNote(props: {
  readonly failure: ApiFailure;
  readonly onRetry?: () => void;
}) {
  const { failure, onRetry } = props;
  return (
    <div class="note failure" role="alert">
      <p class="title">
        <Icon name="alert" />
        {titleOf(failure)}
      </p>
      <p class="text">{failure.message}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="note loading" role="status">
      Loading {what}…
    </p>
  );
}

function titleOf({ status }: ApiFailure): string {
  if (status === 0) return 'No answer';
  if (status === 401) return 'Sign in to see this';
  if (status === 403) return 'You may not see this';
  if (status === 404) return 'Not found';
  if (status >= 500) return 'The server could not answer';
  return 'This cannot be shown';
}
