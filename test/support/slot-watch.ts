import { Redis } from 'ioredis';
import { slotOf } from '../../lib/redis/hash-slots.js';

/*
 * On Cluster a command may only touch keys of one slot, and a script only those that share it with the keys it names.
 * A run on one server would not notice, so every command of this process is looked at.
 */

const SCRIPT = /^eval(sha)?$/i;
/** A command that waited for its connection is seen twice. */
const faults = new Set<string>();
let isWatching = false;

/** From here on. */
export function watchSlots(): void {
  if (isWatching) return;
  isWatching = true;
  const commands: Pick<Redis, 'sendCommand'> = Redis.prototype;
  const watched: ProxyHandler<Redis['sendCommand']> = {
    apply: (send, client, parts: Parameters<Redis['sendCommand']>) => {
      const [{ name, args }] = parts;
      const fault = slotFault(name, args.map(String));
      if (fault) faults.add(fault);
      return Reflect.apply(send, client, parts);
    },
  };
  Object.assign(commands, {
    sendCommand: new Proxy(Reflect.get(commands, 'sendCommand'), watched),
  });
}

/** What was wrong since this was asked last. */
export function slotFaults(): string[] {
  const found = [...faults];
  faults.clear();
  return found;
}

/**
 * The keys of a script begin with the prefix from which it derives all others, its first argument. They share its
 * slot where the prefix has a hash tag, as it has on Cluster.
 */
function slotFault(name: string, args: readonly string[]): string | undefined {
  if (!SCRIPT.test(name)) return undefined;
  const count = Number(args[1]);
  const keys = args.slice(2, 2 + count);
  const prefix = args[2 + count] ?? '';
  const strangers = keys.filter((key) => !key.startsWith(prefix));
  if (strangers.length > 0) return `a script of ${prefix} names ${strangers.join(', ')}`;
  const slots = new Set(keys.map(slotOf));
  if (HASH_TAG.test(prefix) && slots.size > 1) return `${keys.join(' and ')} share no slot`;
  return undefined;
}

/** Of the first brace with something in it. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;
