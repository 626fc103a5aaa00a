/** What was asked for on the command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A subcommand. */
export interface Command {
  /** One line. */
  readonly purpose: string;
  /** Without the name of the program. */
  readonly usage: string;
  /** @throws UsageError; whatever else goes wrong */
  run(args: readonly string[], io: CommandIo): Promise<void>;
}

/** Where a command speaks, and what it may read. */
export interface CommandIo {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A line for people. */
  tell(line: string): void;
}
