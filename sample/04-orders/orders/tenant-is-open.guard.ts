import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Job } from 'nestjs-agenda-redis';

@Injectable()
export class TenantIsOpen implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const job = context.switchToRpc().getContext<Job>();
    return job.context.tenant !== 'bankrupt';
  }
}
