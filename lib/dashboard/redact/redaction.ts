import { Inject, Injectable } from '@nestjs/common';
import { InvalidOptionError } from '../../core/index.js';
import type { ResolvedDashboardOptions } from '../dashboard-options.js';
import { DASHBOARD_OPTIONS } from '../tokens.js';
import { maskedText } from './mask.js';
import { withStoredValues } from './stored-values.js';

/**
 * Keeps the values of certain properties in: at any depth, whatever they are, in capitals or not. It knows them by the
 * names of their properties alone; what handlers write into error messages or lines of text, it cannot tell.
 */
@Injectable()
export class Redaction {
  private readonly names: ReadonlySet<string>;

  constructor(@Inject(DASHBOARD_OPTIONS) { redact }: Pick<ResolvedDashboardOptions, 'redact'>) {
    this.names = new Set(redact.map((name) => name.toLowerCase()));
  }

  /** Whether there is anything that is not shown. */
  get mayHide(): boolean {
    return this.names.size > 0;
  }

  /** A copy of JSON, with the mask for what is not shown; null for none. */
  shown(value: unknown): unknown {
    if (value === undefined) return null;
    return !this.mayHide ? value : JSON.parse(this.shownText(value));
  }

  /** The beginning of the same as text; empty for none. */
  preview(value: unknown, most: number): string {
    if (value === undefined) return '';
    // Of a character that is cut in two, nothing is left.
    return this.shownText(value)
      .slice(0, most)
      .replace(/[\ud800-\udbff]$/, '');
  }

  /** A line that a handler has logged: one that is JSON is shown as such. */
  shownLine(line: string): string {
    if (!this.mayHide || !/^\s*[[{]/.test(line)) return line;
    try {
      return this.shownText(JSON.parse(line));
    } catch {
      return line;
    }
  }

  /**
   * A search tells whether a value is there, and asked often enough, which one it is.
   *
   * @param data - as of `find`
   * @throws InvalidOptionError for one that names what is not shown
   */
  refuseSearch(data: unknown): void {
    const name = this.namedIn(data);
    if (name === undefined) return;
    const expected = `free of \`${name}\`: its values are not shown here, and cannot be searched for`;
    throw new InvalidOptionError('data', '…', expected);
  }

  /**
   * Data that somebody was shown and has edited, with what the mask stands for.
   *
   * @param stored - what was shown
   * @throws InvalidOptionError where the mask stands for nothing
   */
  restored(edited: unknown, stored: unknown): unknown {
    if (!this.mayHide) return edited;
    return withStoredValues(edited, stored, (name) => this.hides(name));
  }

  private hides(name: string): boolean {
    return this.names.has(name.toLowerCase());
  }

  private shownText(value: unknown): string {
    if (!this.mayHide) return JSON.stringify(value);
    return maskedText(value, (name) => this.hides(name));
  }

  private namedIn(data: unknown): string | undefined {
    const waiting = [data];
    for (const part of waiting) {
      if (typeof part !== 'object' || part === null) continue;
      const name = Array.isArray(part)
        ? undefined
        : Object.keys(part).find((key) => this.hides(key));
      if (name !== undefined) return name;
      for (const inner of Object.values(part)) waiting.push(inner);
    }
    return undefined;
  }
}
