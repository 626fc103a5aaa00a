import type { ApiError, Session } from '../api/index.js';

export type Query = Readonly<
  Record<string, string | number | readonly string[] | null | undefined>
>;

/** An answer that is no success; `status` 0 when there was no answer. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';

  constructor(
    readonly status: number,
    /** The name of the error, as the server gives it. */
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

/** Whatever was thrown, as what a view can show. */
export function asFailure(error: unknown): ApiFailure {
  return error instanceof ApiFailure ? error : new ApiFailure(0, 'Error', String(error));
}

/** Where a job is asked for, or where something is done to it. */
export function pathOfJob(id: string, deed?: string): string {
  const path = `api/jobs/${encodeURIComponent(id)}`;
  return deed === undefined ? path : `${path}/${deed}`;
}

/** What the page asks its server; all paths are relative to the page, wherever it is mounted. */
export class ApiClient {
  private token = '';

  /** Opens the session: nothing can be changed before. */
  async open(): Promise<Session> {
    const session = await this.get<Session>('api/session');
    this.token = session.token;
    return session;
  }

  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const search = searchOf(query);
    return this.ask<T>(search === '' ? path : `${path}?${search}`, { signal: signal ?? null });
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    const token = this.token;
    try {
      return await this.change<T>(path, body);
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.status !== 403) throw error;
      // The cookie may be another by now, as after another window has signed in: once more, with its token.
      await this.open();
      if (this.token === token) throw error;
      return this.change<T>(path, body);
    }
  }

  private change<T>(path: string, body: object): Promise<T> {
    return this.ask<T>(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-dashboard-token': this.token },
      body: JSON.stringify(body),
    });
  }

  private async ask<T>(path: string, init: RequestInit): Promise<T> {
    expectPlainPath(path);
    const response = await fetch(path, { ...init, credentials: 'same-origin' }).catch(noAnswer);
    if (!response.ok) throw await failureOf(response);
    return (await response.json().catch(noJson)) as T;
  }
}

/** The query string, without what is empty. */
export function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== '') search.append(key, String(one));
    }
  }
  return search.toString();
}

/** Browsers resolve `..` in a path however it is encoded: what is meant for one name would be done to all. */
function expectPlainPath(path: string): void {
  const dots = path.replace(/\?.*/s, '').match(/(?<=^|\/)\.{1,2}(?=\/|$)/);
  if (dots === null) return;
  throw new ApiFailure(400, 'NoAddress', `No address can name “${dots[0]}”. Use the command line.`);
}

function noJson(error: unknown): never {
  if (isAborted(error)) throw error;
  throw new ApiFailure(
    0,
    'NoJson',
    'The server answered with something else, such as a page to sign in. Load this page again.',
  );
}

function noAnswer(error: unknown): never {
  if (isAborted(error)) throw error;
  throw new ApiFailure(0, 'NoAnswer', 'The server does not answer. Is the application running?');
}

const isAborted = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';

async function failureOf(response: Response): Promise<ApiFailure> {
  const said = (await response.json().catch(() => ({}))) as Partial<ApiError>;
  const message = typeof said.message === 'string' ? said.message : response.statusText;
  return new ApiFailure(response.status, said.error ?? 'Error', message);
}
