import { trueOrFalse, wholeNumber } from '../../core/options/checks.js';
import { checkKnownKeys } from '../../core/options/known-keys.js';
import { resolveRedisOptions, type RedisBackendOptions } from '../redis-options.js';
import { RedisStore } from '../redis-store.js';
import { storedSettings } from '../stored-settings.js';
import { examineStore } from './examine-store.js';
import type { Finding, FindingCount } from './finding.js';
import { Findings } from './findings.js';
import { examineServers, type ServerFacts } from './server/examine-server.js';

/** How a store is looked at. */
export interface CheckOptions {
  /**
   * Mend what can be mended without a loss, by the rules by which all else is written.
   *
   * @default false
   */
  readonly repair?: boolean;
  /**
   * The most of a server's time that it takes, in percent, 1 to 100.
   *
   * @default 50
   */
  readonly pace?: number;
  /** Hears how far it has come. */
  readonly tell?: (line: string) => void;
}

/** What a look at a store has found. */
export interface StoreReport {
  /** Where it is, without secrets. */
  readonly address: string;
  readonly keyPrefix: string;
  readonly partitions: number;
  readonly servers: readonly ServerFacts[];
  /** How many jobs it has. */
  readonly jobs: number;
  /** At most 100 of each kind. */
  readonly findings: readonly Finding[];
  /** All of each kind. */
  readonly counts: readonly FindingCount[];
  /** Nothing is wrong, or nothing is any more: there are warnings at most, and what could not be checked. */
  readonly isSound: boolean;
  readonly elapsedMs: number;
}

const OPTION_NAMES = ['repair', 'pace', 'tell'] as const satisfies readonly (keyof CheckOptions)[];

/**
 * Looks at a store and at its servers: whether they lose jobs, and whether every key agrees with the records of
 * jobs. Workers and producers may go on meanwhile: each job is judged by itself at one instant. Without `repair`
 * it writes nothing. What is fixed in the store (`partitions`, `sort`) is read from it.
 *
 * @param options - how to reach it, as for a backend
 * @throws InvalidOptionError, ConnectionError; IncompatibleStoreError when there is no store
 */
export async function checkStore(
  options: RedisBackendOptions,
  check: CheckOptions = {},
): Promise<StoreReport> {
  const { repair, pace, tell } = readCheckOptions(check);
  const settings = await storedSettings(options);
  const store = new RedisStore(
    resolveRedisOptions({ ...options, ...settings }),
    async () => undefined,
    undefined,
  );
  try {
    await store.connection.open();
    return await examine(store, { repair, pace, tell });
  } finally {
    await store.connection.close();
  }
}

function readCheckOptions(check: CheckOptions): Required<CheckOptions> {
  checkKnownKeys('', check, OPTION_NAMES);
  const { repair = false, pace = 50, tell = () => undefined } = check;
  trueOrFalse('repair', repair);
  wholeNumber('pace', pace, 1, 100);
  return { repair, pace, tell };
}

async function examine(store: RedisStore, check: Required<CheckOptions>): Promise<StoreReport> {
  const begun = performance.now();
  const findings = new Findings();
  const servers = await examineServers(store, (finding) => findings.add(finding));
  const jobs = await examineStore(store, findings, check);
  const { all, counts } = findings;
  return {
    address: store.connection.address,
    keyPrefix: store.options.keyPrefix,
    partitions: store.partitions.length,
    servers,
    jobs,
    findings: all,
    counts,
    isSound: counts.every(({ level, open }) => level !== 'fault' || open === 0),
    elapsedMs: performance.now() - begun,
  };
}
