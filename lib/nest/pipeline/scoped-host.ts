import { ContextIdFactory, ModuleRef, type ContextId } from '@nestjs/core';
import type { Job } from '../../core/index.js';
import { isScoped, type Wrapper } from '../discovery/prototypes.js';

/** What one attempt is run on. */
export interface ScopedInstance {
  readonly instance: object;
  /** Under which Nest keeps what it has made for the attempt; it is forgotten with it. */
  readonly contextId: ContextId;
}

/**
 * A class of which each attempt gets an instance of its own: it is request-scoped, itself or by what it injects or is
 * guarded by, or transient. Nest itself holds the instances weakly, by their context, so nothing has to be given back.
 */
export class ScopedHost {
  private readonly moduleRef: ModuleRef;

  /** @returns `undefined` for a singleton */
  static of(wrapper: Wrapper): ScopedHost | undefined {
    return isScoped(wrapper) ? new ScopedHost(wrapper) : undefined;
  }

  private constructor(private readonly wrapper: Wrapper) {
    // Of the class's own module: another one may have a provider of the same token.
    this.moduleRef = wrapper.host!.getProviderByKey<ModuleRef>(ModuleRef).instance;
  }

  /** What enhancers made for the instance are found by. */
  get inquirerId(): string {
    return this.wrapper.id;
  }

  /**
   * Makes an instance with all that it needs, `@Inject(REQUEST)` being the job. Rejects with what a constructor or a
   * factory throws.
   */
  async make(job: Job): Promise<ScopedInstance> {
    // Asked once: each answer is another context.
    const contextId = ContextIdFactory.getByRequest(job);
    this.moduleRef.registerRequestByContextId(this.requestOf(job, contextId), contextId);
    const instance = await this.moduleRef.resolve<object>(this.wrapper.token, contextId);
    return { instance, contextId };
  }

  /** What is durable outlives the attempt, and must not hold its job: it gets what the strategy knows of its tenant. */
  private requestOf(job: Job, contextId: ContextId): unknown {
    const isShared = contextId.getParent !== undefined && this.wrapper.isDependencyTreeDurable();
    return isShared ? contextId.payload : job;
  }
}
