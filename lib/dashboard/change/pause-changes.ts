import { Inject, Injectable } from '@nestjs/common';
import type { PauseBody, Switched } from '../api/index.js';
import { userName } from '../audit/user-name.js';
import { DashboardInstance } from '../dashboard-instance.js';

/** Holds names back, or everything, and lets them go. */
@Injectable()
export class PauseChanges {
  constructor(@Inject(DashboardInstance) private readonly instance: DashboardInstance) {}

  /** A pause that is there already takes the new words. */
  async pause(name: string | undefined, { reason }: PauseBody, user: unknown): Promise<Switched> {
    const { scheduler } = this.instance;
    const by = userName(user);
    const words = { ...(reason !== undefined && { reason }), ...(by !== undefined && { by }) };
    const { all, names } = await scheduler.pauses();
    const wasPaused = name === undefined ? all !== undefined : Object.hasOwn(names, name);
    await (name === undefined ? scheduler.pause(words) : scheduler.pause(name, words));
    return { changed: !wasPaused };
  }

  async resume(name: string | undefined): Promise<Switched> {
    const { scheduler } = this.instance;
    return { changed: await (name === undefined ? scheduler.resume() : scheduler.resume(name)) };
  }
}
