import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { finalize, type Observable } from 'rxjs';
import type { Job } from 'nestjs-agenda-redis';
import { Narrator } from '../narrator.js';

@Injectable()
export class Stopwatch implements NestInterceptor {
  constructor(private readonly narrator: Narrator) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name, attempt } = context.switchToRpc().getContext<Job>();
    const method = `${context.getClass().name}.${context.getHandler().name}`;
    const startedAt = performance.now();
    const tell = () => {
      const ms = Math.round(performance.now() - startedAt);
      this.narrator.tell(`${name}: attempt ${attempt} of ${method} took ${ms} ms`);
    };
    return next.handle().pipe(finalize(tell));
  }
}
