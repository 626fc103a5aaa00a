import { useEffect, useState } from 'preact/hooks';
import { eachSecond, now } from './clock.js';

/** The store's time, anew each second while the page is seen. */
export function useNow(): number {
  const [, setTurn] = useState(0);
  useEffect(() => eachSecond(() => setTurn((turn) => turn + 1)), []);
  return now();
}
