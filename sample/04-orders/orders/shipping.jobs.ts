import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { JobHandler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from '../narrator.js';
import { shipParcel, type Parcel } from './ship-parcel.js';

/** Made anew for each run, whose job is injected: here, and into whatever request-scoped this class injects. */
@Injectable({ scope: Scope.REQUEST })
export class ShippingJobs {
  constructor(
    @Inject(REQUEST) private readonly job: Job<Parcel>,
    private readonly narrator: Narrator,
  ) {}

  @JobHandler(shipParcel)
  ship(): void {
    const { to, items } = this.job.data;
    const content = items.map(({ name, quantity }) => `${quantity} ${name}`).join(', ');
    this.narrator.tell(`ship-parcel: ${content} to ${to}`);
  }
}
