import { useState } from 'preact/hooks';
import { type Post, usePost } from './use-post.js';

/** Posts what stands in a dialog. What is refused is told there, and the dialog is kept as it is. */
export interface Submit extends Post {
  /** Why the newest try was refused; null when it was not. */
  readonly failure: string | null;
}

export function useSubmit(): Submit {
  const [failure, setFailure] = useState<string | null>(null);
  const { isBusy, run } = usePost((error) =>
    setFailure(error instanceof Error ? error.message : String(error)),
  );
  return {
    isBusy,
    failure,
    run: (path, body, said) => {
      setFailure(null);
      return run(path, body, said);
    },
  };
}
