import type { HostFacts } from '../contracts/host-registry.js';
import type { JobManager } from '../contracts/job-manager.js';
import type { JobChange, PromoteAnswer, UpdateAnswer } from '../contracts/mending.js';
import { encodeData } from '../job/job-data.js';
import { checkText } from '../job/job-id.js';
import { checkKnownKeys } from '../options/known-keys.js';
import { parsePriority } from '../options/priority.js';
import { type DataJudge, judgeNewData } from './judged-data.js';
import type { HostInfo, JobUpdate } from './mend-options.js';
import { dueAt } from './schedule-options.js';

/** What jobs are changed with. */
export interface MendTools extends DataJudge {
  readonly manager: JobManager;
  readonly maxDataBytes: number;
  /** This process, as records name it; empty for none. */
  readonly name: string;
  now(): number;
}

const UPDATE_KEYS: readonly (keyof JobUpdate)[] = ['data', 'priority', 'nextRunAt'];

/** @throws InvalidJobError, InvalidDataError, InvalidOptionError, InvalidScheduleError */
export async function updateJob(
  tools: MendTools,
  id: string,
  update: JobUpdate,
): Promise<UpdateAnswer> {
  checkText('id', id);
  checkKnownKeys('update', update, UPDATE_KEYS);
  const change = changeOf(tools, update);
  const version = await judgeNewData(tools, id, change.data ?? undefined);
  return tools.manager.update(id, version === undefined ? change : { ...change, version });
}

function changeOf(tools: MendTools, { data, priority, nextRunAt }: JobUpdate): JobChange {
  const { maxDataBytes, name } = tools;
  const text = encodeData(data, maxDataBytes);
  return {
    ...(text !== undefined && { data: text }),
    ...(priority !== undefined && { priority: parsePriority('priority', priority) }),
    ...(nextRunAt !== undefined && { due: dueAt(nextRunAt, tools.now()) }),
    ...(name !== '' && { lastModifiedBy: name }),
  };
}

/** @throws InvalidJobError */
export async function promoteOne(manager: JobManager, id: string): Promise<PromoteAnswer> {
  checkText('id', id);
  const [answer] = await manager.promote([id]);
  return answer!;
}

export async function liveHosts(manager: JobManager): Promise<HostInfo[]> {
  return (await manager.hosts()).map(infoOf);
}

function infoOf({ startedAt, lastSeenAt, ...told }: HostFacts): HostInfo {
  return { ...told, startedAt: new Date(startedAt), lastSeenAt: new Date(lastSeenAt) };
}
