import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { Tenants } from './tenants.js';

@Injectable()
export class TenantMiddleware implements NestMiddleware<IncomingMessage, ServerResponse> {
  constructor(private readonly tenants: Tenants) {}

  use(request: IncomingMessage, _: ServerResponse, next: () => void): void {
    this.tenants.run(String(request.headers['x-tenant'] ?? 'nobody'), next);
  }
}
