import { z } from 'zod';

/** What the environment may say, for `ConfigModule`. */
export const configuration = z.object({
  REDIS_URL: z.string().optional(),
  /** How many orders one process packs at once. */
  PACKERS: z.coerce.number().default(2),
});

export type Configuration = z.infer<typeof configuration>;
