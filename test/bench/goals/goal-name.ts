/**
 * The goals by their numbers in the specification, and `local`: what is promised in jobs per second of one
 * process and in time under a rate limit, on one local Redis.
 */
export const GOAL_NAMES = [
  ...(['P1', 'P2', 'P3', 'P4', 'P5', 'P6', 'P7', 'P8', 'P9', 'P10', 'P11', 'P12'] as const),
  ...(['P13', 'P14', 'P15', 'P16', 'P17', 'local'] as const),
] as const;

export type GoalName = (typeof GOAL_NAMES)[number];
