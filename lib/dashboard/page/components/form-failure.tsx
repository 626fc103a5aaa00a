import { Icon } from './icon.js';

/** Why the server has refused what stands in a form. */
export function FormFailure({ message }: { readonly message: string | null }) {
  return (
    <div role="alert">
      {message !== null && (
        <p class="form-failure">
          <Icon name="alert" />
          <span>{message}</span>
        </p>
      )}
    </div>
  );
}
