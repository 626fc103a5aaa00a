import type { Session } from '../../lib/dashboard/index.js';
import type { RunningDashboard } from './support.js';

/** What a request of the page brings along to prove where it comes from. */
export type Proof = Record<string, string>;

/** Asks for changes as the page does: with the token of a session, from its own origin. */
export class PageClient {
  private constructor(
    readonly dashboard: RunningDashboard,
    readonly session: Session,
    readonly cookie: string,
    readonly credentials: Proof,
  ) {}

  /** @param credentials - headers that the guards want to see */
  static async open(dashboard: RunningDashboard, credentials: Proof = {}): Promise<PageClient> {
    const response = await dashboard.fetch('api/session', { headers: credentials });
    const session = (await response.json()) as Session;
    const [cookie] = response.headers.get('set-cookie')!.split(';');
    return new PageClient(dashboard, session, cookie!, credentials);
  }

  get proof(): Proof {
    return {
      ...this.credentials,
      cookie: this.cookie,
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      'x-dashboard-token': this.session.token,
    };
  }

  /** Status and body of an answer, whatever it is. */
  async post(path: string, body: unknown = {}): Promise<{ status: number; body: unknown }> {
    return this.postText(path, JSON.stringify(body));
  }

  /** The same with headers of its own in place of the proof; `''` for none of that name. */
  async postText(
    path: string,
    text: string,
    others: Proof = {},
  ): Promise<{ status: number; body: unknown }> {
    const headers = Object.entries({ ...this.proof, ...others }).filter(
      ([, value]) => value !== '',
    );
    const init = { method: 'POST', headers: Object.fromEntries(headers), body: text };
    const response = await this.dashboard.fetch(path, init);
    const answer = await response.text();
    return { status: response.status, body: jsonOf(answer) };
  }

  /** The body of an answer that is a success. */
  async change<T>(path: string, body: unknown = {}): Promise<T> {
    const answer = await this.post(path, body);
    if (answer.status === 200) return answer.body as T;
    throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
