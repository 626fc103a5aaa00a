import { digits, ID_ALPHABET, newJobId } from './job-id.js';
import type { NewJob } from './job-record.js';
import { dedupeKey, idempotencyKey } from './unique-key.js';

/*
 * Where a job lives, in a store that spreads its jobs over partitions.
 *
 * Every job has a *place*, a number below PLACES, and its id tells it: of an id of ours the last two
 * characters, of any other one a checksum. A partition holds the jobs whose place, modulo the number of
 * partitions, is its own number. So a job is found by its id alone, however many partitions there are.
 *
 * What a store promises of several jobs together it promises within one partition. So jobs that share
 * something get the same place, by the first of these that applies:
 *
 *   a name that is held together (it has limits over all processes)   the place of the name
 *   a `key`                                                           the place of the name and the key
 *   a unique, idempotency, dedupe or single key                       the place of that key
 *   none of these                                                     whichever its id has
 *
 * A job that would need two places is refused by a store with several partitions.
 */

export const PLACES = 4_096;

/** What the ids of this library look like: see `newJobId`. */
const OURS = /^[0-9A-Za-z_~]{22}$/;
const VALUES = new Map(Array.from(ID_ALPHABET, (character, value) => [character, value]));

/** What of a new job says what it shares with others. */
export type Sharing = Pick<NewJob, 'name' | 'key' | 'idempotency' | 'dedupe'>;

/** Whether it looks like an id of ours. One that was chosen may, too. */
export const isMadeId = (id: string): boolean => OURS.test(id);

/** The place of the job with this id. */
export function placeOfId(id: string): number {
  if (!isMadeId(id)) return placeOf(id);
  return VALUES.get(id[20]!)! * 64 + VALUES.get(id[21]!)!;
}

/** The place of what jobs share. */
export const placeOf = (shared: string): number => checksum(shared) % PLACES;

/** A new id that tells the place of what its job shares with others. */
export function placedId(shared: string): string {
  return newJobId().slice(0, 20) + digits(placeOf(shared), 2);
}

/** A new id for a job, by what it shares with others; `isTogether`: its name is held together. */
export function newIdFor(job: Sharing, isTogether: boolean): string {
  return newIdAmong(isTogether ? sharedByName(job.name) : sharedBy(job)[0]);
}

/** A new id for a job that shares this with others, or nothing. */
export const newIdAmong = (shared: string | undefined): string =>
  shared === undefined ? newJobId() : placedId(shared);

/** What all jobs of a name share that is held together. */
export const sharedByName = (name: string): string => `name\n${name}`;

/** What jobs of a name with the same `key` share. */
export const sharedByKey = (name: string, key: string): string => `key\n${name}\n${key}`;

/** All that a new job shares with others of its name, the first one the most binding. */
export function sharedBy(job: Sharing): string[] {
  const { name, key, idempotency, dedupe } = job;
  const shared: string[] = [];
  if (key !== undefined) shared.push(sharedByKey(name, key));
  if (idempotency) shared.push(idempotencyKey(name, idempotency.key));
  if (dedupe) shared.push(dedupeKey(name, dedupe));
  return shared;
}

/** As above, of a new row. @param field - the key that leads to its job, if any does */
export function sharedByRow(
  name: string,
  { key, field }: { readonly key: string | undefined; readonly field: string | undefined },
): string[] {
  const byKey = key === undefined ? [] : [sharedByKey(name, key)];
  return field === undefined ? byKey : [...byKey, field];
}

/** CRC-16/XMODEM of the UTF-8 bytes, as Redis Cluster hashes keys (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). */
export function checksum(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text)) crc = ((crc << 8) ^ TABLE[(crc >> 8) ^ byte]!) & 0xffff;
  return crc;
}

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  return crc;
});
