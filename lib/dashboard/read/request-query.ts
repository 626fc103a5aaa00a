import { checkKnownKeys, InvalidOptionError } from '../../core/index.js';

/** What a request was given along, as it came: platforms and their settings read queries in ways of their own. */
export class RequestQuery {
  private readonly given: URLSearchParams;

  /** @throws InvalidOptionError for a parameter that is not known */
  constructor(request: unknown, known: readonly string[]) {
    const { originalUrl, url } = request as { readonly originalUrl?: string; readonly url: string };
    // All that is behind the first question mark: there may be others in what is asked for.
    const [search = ''] = /\?.*/s.exec(originalUrl ?? url) ?? [];
    this.given = new URLSearchParams(search);
    checkKnownKeys('query', Object.fromEntries(this.given), known);
  }

  /** @throws InvalidOptionError when it is given twice */
  one(name: string): string | undefined {
    const [value, ...more] = this.given.getAll(name);
    if (more.length > 0)
      throw new InvalidOptionError(`query.${name}`, [value, ...more], 'given once');
    return value;
  }

  /** `undefined` when it is not given. */
  many(name: string): string[] | undefined {
    return this.given.has(name) ? this.given.getAll(name) : undefined;
  }

  /** @throws InvalidOptionError unless it is a whole number from 1 to the most there may be */
  count(name: string, most: number, otherwise: number): number {
    const text = this.one(name);
    if (text === undefined) return otherwise;
    const count = Number(text);
    if (/^\d{1,9}$/.test(text) && count >= 1 && count <= most) return count;
    throw new InvalidOptionError(`query.${name}`, text, `a whole number from 1 to ${most}`);
  }

  /** @throws InvalidOptionError for what is no JSON */
  json(name: string): unknown {
    const text = this.one(name);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new InvalidOptionError(`query.${name}`, text, 'JSON, such as {"userId":1}', { cause });
    }
  }
}
