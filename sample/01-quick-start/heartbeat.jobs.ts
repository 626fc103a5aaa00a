import { Injectable, Logger } from '@nestjs/common';
import { Every, JobHandler } from 'nestjs-agenda-redis';

@Injectable()
export class HeartbeatJobs {
  private readonly logger = new Logger(HeartbeatJobs.name);

  /** Runs once per interval, however many processes of this application there are. */
  @JobHandler('heartbeat')
  @Every('10 seconds')
  beat(): { uptime: number } {
    const uptime = Math.round(process.uptime());
    this.logger.log(`heartbeat: up for ${uptime} s`);
    return { uptime };
  }
}
