import type { NameLimits, NameSettings } from '../core/contracts/job-broker.js';
import type {
  KnownLimits,
  PauseFacts,
  PauseRequest,
  StoredPauses,
} from '../core/contracts/job-manager.js';
import { randomToken } from '../core/job/job-id.js';
import { scripts } from './all-scripts.js';
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
  const said = JSON.stringify(limits ?? {});
  await store.run(scripts.setLimits, [...headOf(store), name, said === '{}' ? '' : said]);
}

export async function pauses(store: RedisStore): Promise<StoredPauses> {
  const names = new Map<string, PauseFacts>();
  const all = await walkGates(store, (name, { gate }) => {
    const { paused } = JSON.parse(gate) as { readonly paused?: PauseFacts };
    if (paused) names.set(name, paused);
  });
  return { names, ...(all !== '' && { all: JSON.parse(all) as PauseFacts }) };
}

export async function limits(store: RedisStore): Promise<Map<string, KnownLimits>> {
  const found = new Map<string, KnownLimits>();
  await walkGates(store, (name, { settings, byHand }) => {
    const { limits: handler = {} } = JSON.parse(settings || '{}') as Partial<NameSettings>;
    const isLimited = Object.keys(handler).length > 0;
    if (!isLimited && byHand === '') return;
    found.set(name, {
      ...(isLimited && { handler }),
      ...(byHand !== '' && { byHand: JSON.parse(byHand) as NameLimits }),
    });
  });
  return found;
}

async function setPause(
  store: RedisStore,
  name: string | undefined,
  words: string,
): Promise<boolean> {
  const whom = name === undefined ? ['all', ''] : ['name', name];
  const [, was] = await store.run(scripts.setPause, [...headOf(store), ...whom, words]);
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
  store: RedisStore,
  each: (name: string, stored: StoredGate) => void,
): Promise<string> {
  let cursor = '0';
  let all = '';
  do {
    const [, next, paused, ...parts] = await store.run(scripts.pageGates, [cursor]);
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
