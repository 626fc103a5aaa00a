import { createHash } from 'node:crypto';

/**
 * What becomes, under `durability`, of a call whose write too few replicas have confirmed: its caller
 * is told, or, where the work is done already, whoever looks after the process.
 */
export type Unconfirmed = 'rejects' | 'warns';

/** A Lua script and the name it has on the server. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
  /** Left out: replicas are not asked. */
  readonly unconfirmed?: Unconfirmed | undefined;
}

export function script(name: string, source: string, unconfirmed?: Unconfirmed): Script {
  return { name, source, sha: createHash('sha1').update(source).digest('hex'), unconfirmed };
}
