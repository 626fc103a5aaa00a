import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

interface Asking {
  readonly isLoading: boolean;
  /** Asks again; while an answer is awaited, as soon as it is there. */
  readonly reload: () => void;
}

/**
 * Asks now, whenever `ask` is another one, and when it is told to; null asks for nothing.
 *
 * @param ask - takes care of its answer and of what it throws; must do nothing once it is aborted
 */
export function useAsking(ask: ((signal: AbortSignal) => Promise<void>) | null): Asking {
  const [isLoading, setLoading] = useState(true);
  const [turn, setTurn] = useState(0);
  const isUnderWay = useRef(false);
  const isWantedAgain = useRef(false);

  useEffect(() => {
    if (ask === null) return;
    const request = new AbortController();
    isUnderWay.current = true;
    isWantedAgain.current = false;
    setLoading(true);
    void ask(request.signal).then(() => {
      if (request.signal.aborted) return;
      isUnderWay.current = false;
      setLoading(false);
      if (isWantedAgain.current) setTurn(another);
    });
    return () => {
      request.abort();
      isUnderWay.current = false;
    };
  }, [ask, turn]);

  // To break off an answer for a newer one could go on for ever, where news come faster than answers.
  const reload = useCallback(() => {
    if (isUnderWay.current) isWantedAgain.current = true;
    else setTurn(another);
  }, []);
  return { isLoading: isLoading && ask !== null, reload };
}

const another = (turn: number): number => turn + 1;
