import { IncompatibleStoreError, InvalidOptionError } from '../../core/errors.js';
import { holdTogether } from '../hold-names.js';
import { liveHosts } from '../host-registry.js';
import { LAYOUT } from '../keys.js';
import { inAll } from '../partitions.js';
import { resolveRedisOptions, type RedisBackendOptions } from '../redis-options.js';
import { RedisStore } from '../redis-store.js';
import { sortIn } from '../stored-settings.js';
import { checkPlaces } from './check-places.js';
import { copyStore, wipe } from './copy-store.js';
import { openNames, reduceHome, removeOld, renameStaged } from './finish-layout.js';
import { Layouts } from './layout.js';
import { alone, changeIn, markChange, unmarkChange, type Change, type Step } from './marker.js';
import { limitedNames } from './merge-gates.js';
import { readHash, writeHash } from './read-hash.js';
import { StoreInUseError } from './store-in-use.js';
import { sum } from './sum.js';
import { expectOwnKeys } from './walk-keys.js';

/*
 * Changes the number of partitions of a store that nobody works on.
 *
 *   copy     The new partitions are made beside the old ones, under keys of their own; each kind of key has a rule
 *            that says where its entries belong (`key-kinds.ts`). Until this is done the old partitions are
 *            the store: whatever fails, what was made is thrown away, and a run that was killed begins anew.
 *   remove   The old partitions go.
 *   rename   The new ones get their names, key by key, and due times are worked out anew.
 *
 * The meta of the store says which step it is at, so each can be gone on with. All of it is done by small commands
 * that can be repeated; no job is ever in neither, or in both, of the layouts that count. The price is room for a
 * second copy of the store while it is being made. (Indexes could be made anew from the records alone; but
 * what waits in a line, who runs, when a rate lets the next one start stands nowhere else.)
 */

/** What is to be done. */
export interface Repartition {
  /** How many partitions the store has. */
  readonly from: number;
  /** How many it is to have. */
  readonly to: number;
  /** Look whether it can be done, and change nothing. */
  readonly dryRun?: boolean;
  /** Ends it while it copies, with the store as it was; later it goes on to its end. */
  readonly signal?: AbortSignal;
}

/**
 * Changes the number of partitions of a store, with all workers and producers stopped.
 *
 * @param tell - hears how far it has come
 * @throws InvalidOptionError, ConnectionError; the signal's reason; IncompatibleStoreError for a store that has another number of partitions,
 *   or is being changed to another one; StoreInUseError while hosts are alive or jobs run;
 *   MisplacedJobsError: in all of these cases the store is as it was
 */
export async function repartition(
  options: RedisBackendOptions,
  { from, to, dryRun = false, signal }: Repartition,
  tell: (line: string) => void,
): Promise<void> {
  if (from === to) throw new InvalidOptionError('to', to, 'another number than `from`');
  const facts = await factsOf(options);
  const open = (partitions: number): RedisStore => {
    const sort = facts.get('sort');
    const whole = resolveRedisOptions({
      ...options,
      partitions,
      ...(sort && { sort: sortIn(sort) }),
    });
    return new RedisStore(whole, async () => undefined, undefined);
  };
  const [source, target] = [open(from), open(to)];
  try {
    await Promise.all([source.connection.open(), target.connection.open()]);
    const change = agreed(facts, { from, to, step: 'copy' }, source);
    if (!change) tell(`The store has ${to} partitions already.`);
    else if (dryRun) await tryOut(source, target, change, tell);
    else await alone(source, () => carryOut(source, target, change, tell, signal));
  } finally {
    await Promise.all([source.connection.close(), target.connection.close()]);
  }
}

/** What the store says of itself, whatever its number of partitions. */
async function factsOf(options: RedisBackendOptions): Promise<Map<string, string>> {
  const resolved = resolveRedisOptions({ ...options, partitions: 1 });
  const store = new RedisStore(resolved, async () => undefined, undefined);
  try {
    await store.connection.open();
    return await readHash(store.connection, store.keys.meta);
  } finally {
    await store.connection.close();
  }
}

/** Nothing when it is done already. */
function agreed(
  facts: ReadonlyMap<string, string>,
  wanted: Change,
  { keys, connection }: RedisStore,
): Change | undefined {
  const where = `The store under the prefix "${keys.prefix}" at ${connection.address}`;
  const layout = facts.get('layout');
  if (layout !== String(LAYOUT)) {
    throw new IncompatibleStoreError(
      layout === undefined
        ? `${where} does not exist.`
        : `${where} has layout ${layout}; this version knows ${LAYOUT}.`,
    );
  }
  const underWay = facts.get('moving');
  if (underWay !== undefined) {
    const change = changeIn(underWay);
    if (change.from === wanted.from && change.to === wanted.to) return change;
    throw new IncompatibleStoreError(
      `${where} is on its way from ${change.from} to ${change.to} partitions. End that first, by the same command ` +
        `with --from ${change.from} --to ${change.to}.`,
    );
  }
  const stored = Number(facts.get('partitions'));
  if (stored === wanted.to) return undefined;
  if (stored === wanted.from) return wanted;
  throw new IncompatibleStoreError(`${where} has ${stored} partitions, not ${wanted.from}.`);
}

async function tryOut(
  source: RedisStore,
  target: RedisStore,
  { step }: Change,
  tell: (line: string) => void,
): Promise<void> {
  if (step !== 'copy') {
    tell('A change is under way, and all is copied: the same command without --dry-run ends it.');
    return;
  }
  await look(await layoutsOf(source, target));
  const jobs = await sum(source, ({ keys }) => ['HLEN', keys.jobs]);
  tell(`${jobs} jobs can be moved. Nothing was changed.`);
}

async function carryOut(
  source: RedisStore,
  target: RedisStore,
  { step }: Change,
  tell: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [from, to] = [source.partitions.length, target.partitions.length];
  const enter = (next: Step): Promise<void> => markChange(source, { from, to, step: next });
  const layouts = await layoutsOf(source, target);
  if (step === 'copy') {
    await enter('copy');
    await copyOrUndo(layouts, tell, signal);
    await enter('remove');
  }
  if (step !== 'rename') {
    tell('Removing the old partitions.');
    await inAll(source, (partition) => removeOld(source, partition));
    await enter('rename');
  }
  tell('Naming the new partitions.');
  await inAll(target, (_, number) => renameStaged(layouts, number));
  await reduceHome(layouts);
  await inAll(target, openNames);
  await holdTogether(target, [...(await togetherIn(source, target))]);
  const { connection, keys } = source;
  await writeHash(connection, keys.meta, [['partitions', String(to)]]);
  await unmarkChange(source);
  tell(`The store has ${to} partitions now.`);
}

async function layoutsOf(source: RedisStore, target: RedisStore): Promise<Layouts> {
  const held = target.partitions.length === 1 ? [] : await togetherIn(source, source);
  return new Layouts(source, target, new Set(held));
}

/** Names that are held together, and those that must be, by the limits of the partitions of `store`. */
async function togetherIn(home: RedisStore, store: RedisStore): Promise<Set<string>> {
  const held = await home.connection.scanSet(home.keys.together);
  return new Set([...held, ...(await limitedNames(store))]);
}

/** @throws StoreInUseError, MisplacedJobsError, IncompatibleStoreError */
async function look(layouts: Layouts): Promise<void> {
  const { source } = layouts;
  const hosts = await liveHosts(source);
  if (hosts.length > 0) {
    throw new StoreInUseError(
      `Worker hosts are alive: ${hosts.map(({ host }) => host).join(', ')}. Stop them; one that was killed counts ` +
        'as alive for a while.',
    );
  }
  const now = `(${source.now()}`;
  const running = await sum(source, ({ keys }) => ['ZCOUNT', keys.leases, now, '+inf']);
  if (running > 0) {
    throw new StoreInUseError(
      `${running} jobs run. Stop all workers; the lease of a killed one ends by itself.`,
    );
  }
  for (const { keys } of source.partitions) await expectOwnKeys(source.connection, keys.prefix);
  await checkPlaces(layouts);
}

async function copyOrUndo(
  layouts: Layouts,
  tell: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await look(layouts);
    await wipe(layouts);
    await copyStore(layouts, tell, signal);
  } catch (error) {
    try {
      await wipe(layouts);
      await unmarkChange(layouts.source);
      if (signal?.aborted) tell('Stopped: the store is as it was.');
    } catch {
      tell('The store is still marked as being changed: run the same command again.');
    }
    throw error;
  }
}
