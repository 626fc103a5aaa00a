import { useEffect, useRef, useState } from 'preact/hooks';

const PAUSE_MS = 250;

/** A text that is being typed, told when there is a pause in it; follows what is given from elsewhere. */
export function useTyped(given: string, onPause: (text: string) => void) {
  const [typed, setTyped] = useState(given);
  // What the address says may change between the last letter and the pause.
  const tell = useRef(onPause);
  tell.current = onPause;
  const told = useRef(given);
  useEffect(() => {
    // What comes back is what was told: by now there may stand more.
    if (given !== told.current) setTyped(given);
    told.current = given;
  }, [given]);
  useEffect(() => {
    if (typed === given) return;
    const timer = setTimeout(() => {
      told.current = typed;
      tell.current(typed);
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, given]);
  return [typed, setTyped] as const;
}
