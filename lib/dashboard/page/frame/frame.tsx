import { useEffect, useRef } from 'preact/hooks';
import { ErrorBoundary } from '../error-boundary.js';
import { useRoute } from '../use-route.js';
import { Banner } from './banner.js';
import { Navigation } from './navigation.js';
import { titleOf } from './title.js';
import { ViewOf } from './view-of.js';

/** What stands around each view. */
export function Frame() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);

  useEffect(() => {
    document.title = titleOf(route);
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    // As a browser does after a link to another page: at its top, and read out from its heading.
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus({ preventScroll: true });
  }, [route.view, route.subject]);

  return (
    <>
      <Navigation current={route.view} onSkip={() => main.current?.focus()} />
      <Banner />
      <main ref={main} id="main" tabIndex={-1}>
        <ErrorBoundary of={JSON.stringify(route)}>
          <ViewOf route={route} />
        </ErrorBoundary>
      </main>
    </>
  );
}
