export interface ChromiumProgram {
  readonly file: string;
  /** Environment variables it needs, beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The browser of this machine. The first call may download one, which takes some seconds to minutes. Rejects with the
 * remedy when there is none and none can be had.
 */
export declare function chromium(): Promise<ChromiumProgram>;
