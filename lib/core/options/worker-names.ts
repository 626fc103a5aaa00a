import { InvalidOptionError } from '../errors.js';
import { optionsObject } from './checks.js';
import { checkKnownKeys } from './known-keys.js';
import { nameList } from './name-list.js';

/** Which job names this process runs: the option `worker`. */
export class WorkerNames {
  private constructor(
    private readonly listed: ReadonlySet<string>,
    private readonly listMeans: 'run' | 'leave out',
  ) {}

  /** @throws InvalidOptionError */
  static of(value: unknown): WorkerNames {
    if (value === true) return new WorkerNames(new Set(), 'leave out');
    if (value === false) return new WorkerNames(new Set(), 'run');
    const expected = 'true, false, { only: [names] } or { except: [names] }';
    if (typeof value !== 'object') throw new InvalidOptionError('worker', value, expected);
    checkKnownKeys('worker', value, ['only', 'except']);
    const { only, except } = optionsObject('worker', value);
    if ((only === undefined) === (except === undefined)) {
      throw new InvalidOptionError('worker', value, expected);
    }
    return only === undefined
      ? new WorkerNames(new Set(nameList('worker.except', except)), 'leave out')
      : new WorkerNames(new Set(nameList('worker.only', only)), 'run');
  }

  /** Whether jobs of this name are run here. */
  includes(name: string): boolean {
    return this.listed.has(name) === (this.listMeans === 'run');
  }

  /** The names that alone are run here, as they were given; none where that was not said. */
  get only(): readonly string[] {
    return this.listMeans === 'run' ? [...this.listed] : [];
  }

  /** Whether this process only adds jobs. */
  get none(): boolean {
    return this.listMeans === 'run' && this.listed.size === 0;
  }
}
