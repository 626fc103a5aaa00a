import type { System } from './system.js';

/**
 * Everything that can be measured, by the name used in flags and tables. A process loads only the
 * system that it measures. To add one, write a file like its neighbours and name it here.
 */
const loaders = {
  ours: async () => (await import('./ours.js')).ours,
  bullmq: async () => (await import('./bullmq.js')).bullmq,
  'bee-queue': async () => (await import('./bee-queue.js')).beeQueue,
  agenda: async () => (await import('./agenda.js')).agenda,
  /** The least that any correct scheduler must do. */
  floor: async () => (await import('./floor.js')).floor,
  /** The floor with the bookkeeping of ours, but no more than that. */
  'floor+books': async () => (await import('./floor.js')).floorWithBooks,
  /** Our Redis backend, driven by the worker loop of the floor: what the engine itself costs is the rest. */
  backend: async () => (await import('./our-backend.js')).ourBackend,
} satisfies Record<string, () => Promise<System>>;

export type SystemName = keyof typeof loaders;

export const systemNames = Object.keys(loaders) as SystemName[];

/** Each job of Agenda leaves a timer behind for the length of its lock: its processes do not end by themselves. */
export const leavesTimers = (name: string): boolean => name === ('agenda' satisfies SystemName);

export function loadSystem(name: SystemName): Promise<System> {
  return loaders[name]();
}
