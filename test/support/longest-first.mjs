// In which order a run takes its spec files: one that takes long and begins last leaves the other workers idle. What
// Jest has noted of earlier runs, a fresh clone does not know.
import { sep } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const LONGEST = [
  'chaos/cost',
  'chaos/sentinel-failover',
  'chaos/agenda',
  'contract/model',
  'simulation/load',
  'core/schedule/cron-oracle',
  'contract/query-model',
  'foreign/postgres-backend',
  'redis/doctor/busy',
  'contract/find',
  'redis/plain-paths',
  'redis/connection',
  'core/job/type-errors',
];

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return sorted.sort((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ path }) {
  const file = path.replaceAll(sep, '/');
  const place = LONGEST.findIndex((name) => file.endsWith(`/test/${name}.spec.ts`));
  return place === -1 ? LONGEST.length : place;
}
