import type { NameLimits, NameSettings } from '../core/contracts/job-broker.js';
import type {
  KnownLimits,
  PauseFacts,
  PauseRequest,
  StoredPauses,
} from '../core/contracts/job-manager.js';
import { randomToken } from '../core/job/job-id.js';
import { scripts } from './all-scripts.js';
import { awayWord, holdOverAll, holdTogether, isHome } from './hold-names.js';
import { allOf, inAll } from './partitions.js';
import type { RedisStore } from './redis-store.js';
import { REPEAT_MARGIN_MS } from './row-saves.js';

export async function pause(store: RedisStore, { name, reason, by }: PauseRequest): Promise<void> {
  await setPause(store, name, JSON.stringify({ reason, by }));
}

/** @returns whether it was paused */
export function resume(store: RedisStore, name: string | undefined): Promise<boolean> {
  return setPause(store, name, '');
}

export async function setLimits(
  store: RedisStore,
  name: string,
  limits: NameLimits | null,
): Promise<void> {
  if (limits && holdOverAll(limits)) await holdTogether(store, [name]);
  const said = JSON.stringify(limits ?? {});
  const call = [name, said === '{}' ? '' : said];
  await inAll(store, (partition, number) => {
    const args = [
      ...headOf(partition),
      ...call,
      awayWord(store, name, limits ?? undefined, number),
    ];
    return partition.run(scripts.setLimits, args);
  });
}

/** What any partition says is paused, since the first of them. */
export async function pauses(store: RedisStore): Promise<StoredPauses> {
  const names = new Map<string, PauseFacts>();
  const paused = await inAll(store, (partition) =>
    walkGates(partition, (name, { gate }) => {
      const { paused: facts } = JSON.parse(gate) as { readonly paused?: PauseFacts };
      if (facts) names.set(name, earliest([names.get(name), facts])!);
    }),
  );
  const all = earliest(
    paused.map((facts) => (facts === '' ? undefined : (JSON.parse(facts) as PauseFacts))),
  );
  return { names, ...(all && { all }) };
}

function earliest(pauses: readonly (PauseFacts | undefined)[]): PauseFacts | undefined {
  return pauses.reduce(
    (one, other) => (!one || (other && other.at < one.at) ? other : one),
    undefined,
  );
}

/** As the partition says that is the name's own place: whatever is limited elsewhere is so there, too. */
export async function limits(store: RedisStore): Promise<Map<string, KnownLimits>> {
  const found = new Map<string, KnownLimits>();
  await inAll(store, (partition, number) =>
    limitsIn(partition, (name) => isHome(store, name, number), found),
  );
  return found;
}

async function limitsIn(
  partition: RedisStore,
  isMeant: (name: string) => boolean,
  found: Map<string, KnownLimits>,
): Promise<void> {
  await walkGates(partition, (name, { settings, byHand }) => {
    if (!isMeant(name)) return;
    const { limits: handler = {} } = JSON.parse(settings || '{}') as Partial<NameSettings>;
    const isLimited = Object.keys(handler).length > 0;
    if (!isLimited && byHand === '') return;
    found.set(name, {
      ...(isLimited && { handler }),
      ...(byHand !== '' && { byHand: JSON.parse(byHand) as NameLimits }),
    });
  });
}

/** The first partition tells of it in the durable stream, after all others: then it is so everywhere. */
async function setPause(
  { partitions }: RedisStore,
  name: string | undefined,
  words: string,
): Promise<boolean> {
  const [first, ...others] = partitions as [RedisStore, ...RedisStore[]];
  const call = [...(name === undefined ? ['all', ''] : ['name', name]), words];
  const was = await allOf(others.map((one) => setPauseIn(one, [...call, 'quiet'])));
  return [await setPauseIn(first, [...call, '']), ...was].includes(true);
}

async function setPauseIn(partition: RedisStore, call: readonly string[]): Promise<boolean> {
  const [, was] = await partition.run(scripts.setPause, [...headOf(partition), ...call]);
  return was === '1';
}

/** What the scripts that change gates begin with: where news goes, and what a repeat is known by. */
function headOf({ options, messageHead }: RedisStore): string[] {
  const knownForMs = options.retryForMs + REPEAT_MARGIN_MS;
  return [options.channelName, messageHead, randomToken(), String(knownForMs)];
}

interface StoredGate {
  readonly gate: string;
  readonly settings: string;
  readonly byHand: string;
}

/** Calls `each` for every name with a gate; a name may come twice. @returns the pause of everything, if there is one */
async function walkGates(
  partition: RedisStore,
  each: (name: string, stored: StoredGate) => void,
): Promise<string> {
  let cursor = '0';
  let all = '';
  do {
    const [, next, paused, ...parts] = await partition.run(scripts.pageGates, [cursor]);
    for (let i = 0; i < parts.length; i += 4) {
      const [name, gate, settings, byHand] = parts.slice(i, i + 4) as [
        string,
        string,
        string,
        string,
      ];
      each(name, { gate, settings, byHand });
    }
    cursor = next!;
    all = paused!;
  } while (cursor !== '0');
  return all;
}
