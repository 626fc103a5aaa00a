/*
 * Browsers say where a request comes from, and scripts of other sites cannot change what they say. What says nothing is
 * no browser: it acts for nobody whose cookies it does not have.
 */

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Whether a page of the dashboard itself sent it, or no page at all. */
export function isOfOwnOrigin(headers: Headers): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const { origin } = headers;
  if (origin === undefined) return true;
  const host = hostOf(origin);
  return host !== undefined && ownHosts(headers).includes(host);
}

/** By which names the browser may have reached us; a proxy tells the first one it was called by. */
function ownHosts(headers: Headers): readonly string[] {
  const hosts = [headers.host, firstOf(headers['x-forwarded-host'])];
  return hosts.flatMap((host) => (typeof host === 'string' ? [host.toLowerCase()] : []));
}

function hostOf(origin: unknown): string | undefined {
  if (typeof origin !== 'string' || !URL.canParse(origin)) return undefined;
  const { host } = new URL(origin);
  return host === '' ? undefined : host;
}

const firstOf = (header: unknown): string | undefined =>
  typeof header === 'string' ? header.split(',')[0]!.trim() : undefined;
