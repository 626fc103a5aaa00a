import type { Client } from './redis-client.js';
import { isUnknownScript } from './redis-errors.js';
import type { Script } from './script.js';

/** Brings a script to Redis over a client, and its answer back: one try. */
export interface ScriptCarrier {
  /** For how long a Redis that is well may be silent, beside the time it needs, in ms. */
  readonly silentMs: number;
  carry(
    client: Client,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown>;
}

/** Sends it and waits for the answer. */
export const plainCarrier: ScriptCarrier = {
  silentMs: 0,
  carry: (client, script, keys, args) => evaluated(script, (send) => send(client, keys, args)),
};

type Send = (client: Client, keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/** By its name, and whole where the server does not know it. */
export async function evaluated<T>(script: Script, run: (send: Send) => Promise<T>): Promise<T> {
  try {
    return await run((client, keys, args) =>
      client.evalsha(script.sha, keys.length, ...keys, ...args),
    );
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return run((client, keys, args) => client.eval(script.source, keys.length, ...keys, ...args));
  }
}
