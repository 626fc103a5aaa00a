import { useLayoutEffect, useState } from 'preact/hooks';
import { routeOf, type Route } from './router.js';

/** Listens before the page is painted: who is quick must not be missed. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useLayoutEffect(() => {
    const follow = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return route;
}

/** Goes there; the way back leads here. */
export function goTo(hash: string): void {
  location.hash = hash;
}

/** Goes there in place of here, as for each letter that is typed into a filter. */
export function replaceBy(hash: string): void {
  if (hash === location.hash) return;
  history.replaceState(null, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
