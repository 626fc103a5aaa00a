import type { Fact } from '../processes/settings.js';
import type { Child } from './child.js';

/** How long each job of a killed process waited for its next start, in ms; one that was lost otherwise for ever. */
export function takeovers(
  starts: ReadonlyMap<string, readonly Fact[]>,
  killed: readonly Child[],
): number[] {
  const killedAt = new Map(killed.map((child) => [child.pid, child.killedAt!]));
  const waits: number[] = [];
  for (const facts of starts.values()) {
    facts.slice(1).forEach((again, i) => {
      const lost = facts[i]!;
      // A claim may die with its worker before its handler has begun: then two waits lie between.
      const attempts = again.attempt! - lost.attempt!;
      waits.push((again.at - (killedAt.get(lost.pid) ?? -Infinity)) / attempts);
    });
  }
  return waits.sort((a, b) => a - b);
}
