import { useEffect, useState } from 'preact/hooks';
import { eachSecond, now } from '../clock.js';
import { absoluteTime, timeAgo } from '../format.js';

/** A time as seen from now, such as `3 min ago` or `in 2 h`; in full when it is pointed at. A dash for none. */
export function TimeAgo({ at }: { readonly at: string | null }) {
  return at === null ? <span class="none">–</span> : <Ago at={at} />;
}

function Ago({ at }: { readonly at: string }) {
  const text = timeAgo(Date.parse(at), now());
  const [, setText] = useState(text);
  // Drawn again when another text is to be shown: there may be hundreds of them.
  useEffect(() => eachSecond(() => setText(timeAgo(Date.parse(at), now()))), [at]);
  return (
    <time dateTime={at} title={absoluteTime(at)}>
      {text}
    </time>
  );
}
