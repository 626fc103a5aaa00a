/** What the page shows: all of it stands in the fragment of its address, so that it can be sent to a colleague. */
export interface Route {
  readonly view: View;
  /** Of a view of one thing: its name or id. Otherwise empty. */
  readonly subject: string;
  readonly query: Readonly<Record<string, string>>;
}

export type View =
  'overview' | 'name' | 'jobs' | 'job' | 'dead' | 'schedules' | 'hosts' | 'unknown';

const LISTS: Readonly<Record<string, View>> = {
  '': 'overview',
  jobs: 'jobs',
  dead: 'dead',
  schedules: 'schedules',
  hosts: 'hosts',
};
const SUBJECTS: Readonly<Record<string, View>> = { names: 'name', jobs: 'job' };
const FOLDERS: Partial<Record<View, string>> = { overview: '', name: 'names/', job: 'jobs/' };

/** Of a fragment such as `#/jobs?state=dead`. Those that mean nothing are `unknown`. */
export function routeOf(hash: string): Route {
  const text = hash.replace(/^#?\/?/, '');
  const end = text.indexOf('?');
  const path = end < 0 ? text : text.slice(0, end);
  const query = end < 0 ? {} : Object.fromEntries(new URLSearchParams(text.slice(end + 1)));
  const slash = path.indexOf('/');
  const subject = slash < 0 ? '' : decoded(path.slice(slash + 1));
  const folder = slash < 0 ? path : path.slice(0, slash);
  const view = own(subject === '' ? LISTS : SUBJECTS, folder) ?? 'unknown';
  return { view, subject, query };
}

/** The fragment of a route. Empty values of the query are left out. */
export function hashOf(view: View, subject = '', query: Readonly<Record<string, string>> = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== '');
  const search = said.length === 0 ? '' : `?${new URLSearchParams(said).toString()}`;
  return `#/${FOLDERS[view] ?? view}${encodeURIComponent(subject)}${search}`;
}

export function hashOfName(name: string): string {
  return hashOf('name', name);
}

export function hashOfJob(id: string): string {
  return hashOf('job', id);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
