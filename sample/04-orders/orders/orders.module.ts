import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { NarratorModule } from '../narrator.module.js';
import { TenantMiddleware } from '../tenants/tenant.middleware.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuditLog } from './audit-log.js';
import { InvoicingJobs } from './invoicing.jobs.js';
import { OrdersController } from './orders.controller.js';
import { PackingJobs } from './packing.jobs.js';
import { ShippingJobs } from './shipping.jobs.js';
import { Warehouse } from './warehouse.js';

/** Handlers are providers like others: no queue is registered for them. */
@Module({
  imports: [NarratorModule, TenantsModule],
  controllers: [OrdersController],
  providers: [PackingJobs, InvoicingJobs, ShippingJobs, Warehouse, AuditLog],
})
export class OrdersModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TenantMiddleware).forRoutes(OrdersController);
  }
}
