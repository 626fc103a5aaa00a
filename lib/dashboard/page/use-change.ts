import { useToasts } from './components/toast.js';
import { type Post, usePost } from './use-post.js';

/** Posts changes. What is refused is told at the edge of the page: for what no dialog asks for. */
export function useChange(): Post {
  return usePost(useToasts().fail);
}
