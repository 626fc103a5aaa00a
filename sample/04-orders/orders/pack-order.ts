import { defineJob } from 'nestjs-agenda-redis';
import { z } from 'zod';

/** Who adds an order and who packs it share the name, the types and the check of the data. */
export const packOrder = defineJob('pack-order', {
  schema: z.object({
    item: z.string().min(1),
    quantity: z.number().int().min(1).default(1),
    email: z.string(),
  }),
});
