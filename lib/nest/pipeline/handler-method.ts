import type { ScopedHost } from './scoped-host.js';

/** A handler's method, as the walk over the providers finds it. */
export interface HandlerMethod {
  /** What it is called on; where `scoped` is given nobody calls it: each attempt gets an instance of its own. */
  readonly host: MethodHost;
  readonly scoped: ScopedHost | undefined;
  /** Of global enhancers that are request-scoped themselves: whether its decorator asks for them, and Nest makes them. */
  readonly scopedGlobals: { readonly areAskedFor: boolean; readonly areMade: boolean };
  /** Of the host's class. */
  readonly prototype: object;
  /** Guards, pipes, interceptors and filters of its class that are, by name. */
  readonly transientEnhancers: readonly string[];
  /** The decorated function itself. */
  readonly method: (...args: never[]) => unknown;
  readonly methodName: string;
  /** `Class.method`. */
  readonly place: string;
}

export type MethodHost = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
