import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { AgendaRedisModule } from 'nestjs-agenda-redis';
import { AgendaOptions } from './agenda.options.js';
import { configuration } from './configuration.js';
import { NarratorModule } from './narrator.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { OrdersModule } from './orders/orders.module.js';
import { Story } from './story.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({
  imports: [
    ConfigModule.forRoot({
      isGlobal: true,
      ignoreEnvFile: true,
      validationSchema: configuration,
    }),
    AgendaRedisModule.forRootAsync({ imports: [TenantsModule], useClass: AgendaOptions }),
    NarratorModule,
    OrdersModule,
    OperationsModule,
  ],
  providers: [Story],
})
export class AppModule {}
