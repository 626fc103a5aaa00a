/** Where the overview of `--help` lists a command. */
export type CommandGroup = 'Jobs' | 'Dead letters' | 'Names' | 'Looking' | 'The store';

/** What the program ends with. */
export const EXIT = {
  /** Done. */
  done: 0,
  /** Could not be done, or not all of it. */
  failed: 1,
  /** Not understood: nothing was tried. */
  misused: 2,
  /** Understood and tried, and there was nothing: nothing was found, nothing had to be changed. */
  nothing: 3,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A subcommand: one line in the table of `command-table.ts`. */
export interface Command {
  readonly group: CommandGroup;
  /** One line, in small letters. */
  readonly purpose: string;
  /** How it is called, without the name of the program; then what its options mean. */
  readonly usage: string;
  /**
   * Prints its answer, and tells how it went. Nothing is connected before its arguments are understood.
   *
   * @throws UsageError; whatever else goes wrong
   */
  run(args: readonly string[], io: CommandIo): Promise<ExitCode>;
}

/** Where a command speaks, and what it may read. */
export interface CommandIo {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The screen that answers go to; `undefined` where they go to a file or another program. */
  readonly screen: Screen | undefined;
  /** Fires when nobody wants to know any more: at Ctrl-C, and when the reader of the answer has gone. */
  readonly signal: AbortSignal;
  /** A line of the answer; control characters are the caller's to escape: see `plainText`. */
  print(line: string): void;
  /** A line for people, beside the answer. */
  tell(line: string): void;
  /** All that stands on the standard input. @throws the signal's reason when it fires before the end */
  readInput(): Promise<string>;
}

/** A terminal. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly hasColours: boolean;
  write(text: string): void;
  /** Calls with each key that is pressed, until it is told to stop; keys are not shown meanwhile. */
  onKey(listener: (key: string) => void): () => void;
  /** Calls when its size has changed, until it is told to stop. */
  onResize(listener: () => void): () => void;
}
