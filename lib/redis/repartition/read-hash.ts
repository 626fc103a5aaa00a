import type { RedisConnection } from '../redis-connection.js';
import { pairsOf, scanPages } from './scan-pages.js';

const PAGE = 50;

/** The entries of a hash, in pages, in no order; one may come twice. */
export async function* hashPages(
  connection: RedisConnection,
  key: string,
): AsyncGenerator<[field: string, value: string][]> {
  for await (const page of scanPages(connection, 'HSCAN', key, PAGE)) yield pairsOf(page);
}

/** A small hash as a whole. */
export async function readHash(
  connection: RedisConnection,
  key: string,
): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for await (const page of hashPages(connection, key)) {
    for (const [field, value] of page) all.set(field, value);
  }
  return all;
}

export async function writeHash(
  connection: RedisConnection,
  key: string,
  fields: Iterable<readonly [field: string, value: string]>,
): Promise<void> {
  const parts = [...fields].flat();
  for (let i = 0; i < parts.length; i += 200) {
    await connection.commandAt(key, 'HSET', key, ...parts.slice(i, i + 200));
  }
}
