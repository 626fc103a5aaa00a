/** The names of all scripts, without `.lua`, in a fixed order. */
export declare function scriptNames(dir?: string): string[];

/** The names of all includes, without `.lua`, in a fixed order. */
export declare function includeNames(dir?: string): string[];

/** The name of the constant that holds a script: `complete-job` → `completeJob`. */
export declare function constantName(script: string): string;

/** The source of one script as the server gets it: includes in place, comment and blank lines gone. */
export declare function expand(script: string, dir?: string): string;

/** The whole text of the generated module. */
export declare function render(dir?: string): string;
