import { describe, expect, it } from '@jest/globals';
import type { NameOverview } from '../../../lib/dashboard/api/index.js';
import {
  nameRows,
  NAMES_PER_PAGE,
  orderOf,
  textOfOrder,
} from '../../../lib/dashboard/page/views/overview/name-rows.js';

const BY_NAME = orderOf('');

describe('the table of names', () => {
  it('keeps those that contain each word, whatever their case', () => {
    const { rows, count } = nameRows(named('Mail EU', 'mail-us', 'sms-eu'), 'eu MAIL', BY_NAME, 1);

    expect(rows.map(({ name }) => name)).toEqual(['Mail EU']);
    expect(count).toBe(1);
  });

  it('sorts by a figure, and by name among equals', () => {
    const names = [one('b', 1), one('c', 7), one('a', 1)];

    expect(namesOf(nameRows(names, '', orderOf('-queued'), 1))).toEqual(['c', 'a', 'b']);
    expect(namesOf(nameRows(names, '', orderOf('queued'), 1))).toEqual(['a', 'b', 'c']);
  });

  it('shows a page of a thousand names, and the last one for any beyond it', () => {
    const names = named(...Array.from({ length: 1_000 }, (_, index) => `n${1_000 + index}`));

    expect(nameRows(names, '', BY_NAME, 2)).toMatchObject({ page: 2, pages: 20, count: 1_000 });
    expect(nameRows(names, '', BY_NAME, 2).rows[0]!.name).toBe(`n${1_000 + NAMES_PER_PAGE}`);
    expect(nameRows(names, '', BY_NAME, 99).page).toBe(20);
    expect(nameRows([], '', BY_NAME, 99)).toMatchObject({ page: 1, pages: 1, rows: [] });
  });

  it('writes its order into the address and reads it again', () => {
    for (const text of ['', '-name', 'latency', '-dead']) {
      expect(textOfOrder(orderOf(text))).toBe(text);
    }
    expect(orderOf('nonsense')).toEqual(BY_NAME);
  });
});

function named(...names: string[]): NameOverview[] {
  return names.map((name) => one(name, 0));
}

function one(name: string, queued: number): NameOverview {
  const none = { scheduled: 0, running: 0, completed: 0, failed: 0, repeating: 0, dead: 0 };
  const counts = { ...none, paused: 0, queued, total: queued };
  return { name, counts, latencyMs: 0, pause: null, completed: [], failed: [] };
}

function namesOf({ rows }: { readonly rows: readonly NameOverview[] }): string[] {
  return rows.map(({ name }) => name);
}
