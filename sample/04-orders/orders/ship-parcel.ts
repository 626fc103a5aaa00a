import { defineJob } from 'nestjs-agenda-redis';

export interface Parcel {
  to: string;
  items: { name: string; quantity: number }[];
}

/** Version 1 was `{ to, item }`. Jobs of it may still be stored: they are brought up to date when they are run. */
export const shipParcel = defineJob<Parcel>('ship-parcel', {
  version: 2,
  upcast: {
    1: ({ to, item }: { to: string; item: string }): Parcel => ({
      to,
      items: [{ name: item, quantity: 1 }],
    }),
  },
});
