/** Of the commands that scripts use, those that change something. */
export declare const WRITES: ReadonlySet<string>;

/** The commands that a script may send. */
export declare function commandsOf(script: string): Set<string>;

/** Which scripts change nothing. */
export declare function scriptsThatOnlyRead(): string[];

/** For each role the commands it needs, in alphabetical order. */
export declare function commandsByRole(): Record<'dashboard' | 'producer' | 'worker', string[]>;

/** docs/redis-acl.md as it should be. */
export declare function rendered(text?: string): string;
