/** What `start` gave, and the free port that it was given; one that fits. */
export declare function onFreePort<T>(
  start: (port: number) => Promise<T>,
  fits?: (port: number) => boolean,
): Promise<{ port: number; server: T }>;

/** Arguments to start a command with: on Linux the kernel ends it with its parent, however that ends. */
export declare function withParent(signal: string): string[];
