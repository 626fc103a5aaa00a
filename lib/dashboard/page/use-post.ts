import { useState } from 'preact/hooks';
import { useToasts } from './components/toast.js';
import { useShell } from './shell.js';

/** What is said of a change that was done. */
export type Said<Answer> = string | ((answer: Answer) => string);

/** Posts a change and says what became of it. */
export interface Post {
  readonly isBusy: boolean;
  /** The answer, or undefined when it was refused, which has been told. Never rejects. */
  readonly run: <Answer>(
    path: string,
    body: object,
    said: Said<Answer>,
  ) => Promise<Answer | undefined>;
}

/** @param refuse - tells why a change was refused */
export function usePost(refuse: (error: unknown) => void): Post {
  const { api, live } = useShell();
  const toasts = useToasts();
  const [isBusy, setBusy] = useState(false);
  const run = async <Answer>(path: string, body: object, said: Said<Answer>) => {
    setBusy(true);
    try {
      const answer = await api.post<Answer>(path, body);
      toasts.say(typeof said === 'string' ? said : said(answer));
      void live.askOverview();
      return answer;
    } catch (error) {
      refuse(error);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, run };
}
