export interface RedisBinary {
  readonly file: string;
  /** Environment variables the binary needs, beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The server binary of this machine, or nothing when there is none and none can be had.
 * The first call may download it; takes some seconds then.
 */
export declare function redisBinary(): RedisBinary | undefined;

/** The full path of an executable on the PATH, or nothing. */
export declare function which(name: string): string | undefined;
