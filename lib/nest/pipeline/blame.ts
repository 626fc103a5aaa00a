/** Who threw it: the same error of a handler means something else. */
export type Culprit = 'guard' | 'pipe';

// Causes of causes: deep enough for those that a filter has put around an error.
const DEEPEST_CAUSE = 10;

/** Remembers which errors come from guards and pipes; it holds none of them. */
export class Blame {
  private readonly culprits = new WeakMap<object, Culprit>();

  async on<T>(culprit: Culprit, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (isObject(thrown)) this.culprits.set(thrown, culprit);
      throw thrown;
    }
  }

  /** The error that a guard or pipe threw: this one, or one among its causes. */
  find(thrown: unknown): { readonly culprit: Culprit; readonly error: unknown } | undefined {
    let error = thrown;
    for (let depth = 0; depth < DEEPEST_CAUSE && isObject(error); depth++) {
      const culprit = this.culprits.get(error);
      if (culprit) return { culprit, error };
      error = (error as { readonly cause?: unknown }).cause;
    }
    return undefined;
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
