/** How grave a finding is. */
export type FindingLevel =
  /** Jobs are lost, stuck or run wrongly, or will be. */
  | 'fault'
  /** It works, and may not for long. */
  | 'warning'
  /** The user of Redis may not look, or the server cannot tell: it may be well, or not. */
  | 'unchecked';

/**
 * What became of a finding: mended by this run; mendable by `repair`; or left, since people must decide or act
 * (`remedy` says how).
 */
export type FindingOutcome = 'mended' | 'mendable' | 'left';

/** Something that is not as it should be. */
export interface Finding {
  /** What kind of thing, such as `misplaced`: the section of docs/operations.md says what each means. */
  readonly code: string;
  readonly level: FindingLevel;
  /** Of whom: the id of a job, a name, a key without its prefix, the address of a server. */
  readonly subject: string;
  /** A sentence for people. */
  readonly message: string;
  readonly outcome: FindingOutcome;
  /** What to do about it, where `outcome` is `left`. */
  readonly remedy?: string;
  /** Of which partition, where the store has several. */
  readonly partition?: number;
}

/** How many findings of a kind there were, and how many of them were not mended. */
export interface FindingCount {
  readonly code: string;
  readonly level: FindingLevel;
  readonly found: number;
  readonly open: number;
}
