import { InvalidOptionError } from '../../core/index.js';

/**
 * Which guards, pipes, interceptors and filters run for a job:
 *
 * - `'local'`: those of the handler's class and method;
 * - `'all'`: the global ones of the application too (`APP_GUARD`, `app.useGlobalGuards`, …), most of which expect HTTP;
 * - `'none'`: none at all, nor the pipes of single parameters.
 */
export type Enhancers = 'local' | 'all' | 'none';

const CHOICES: readonly unknown[] = ['local', 'all', 'none'] satisfies Enhancers[];

/** What an instance says of its handlers' enhancers; the nearest counts: `handlers`, then the decorator, then the module. */
export class EnhancersOption {
  private readonly byModule: Enhancers;
  private readonly configured = new Map<string, Enhancers>();

  /**
   * @param handlers - the option `handlers`
   * @throws InvalidOptionError
   */
  constructor(
    byModule: unknown = 'local',
    handlers: Readonly<Record<string, { readonly enhancers?: unknown }>>,
  ) {
    this.byModule = readEnhancers('enhancers', byModule);
    for (const [name, { enhancers }] of Object.entries(handlers)) {
      if (enhancers === undefined) continue;
      this.configured.set(name, readEnhancers(`handlers.${name}.enhancers`, enhancers));
    }
  }

  /**
   * @param place - where the handler was written
   * @param decorated - what its decorator says
   * @throws InvalidOptionError
   */
  for(name: string, place: string, decorated: unknown): Enhancers {
    const own =
      decorated === undefined ? undefined : readEnhancers(`enhancers of ${place}`, decorated);
    return this.configured.get(name) ?? own ?? this.byModule;
  }
}

function readEnhancers(path: string, value: unknown): Enhancers {
  if (CHOICES.includes(value)) return value as Enhancers;
  throw new InvalidOptionError(path, value, "'local', 'all' or 'none'");
}
