import { jest } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { InvalidDataError } from 'nestjs-agenda-redis';
import { AgendaRedisTestingModule, JobTesting } from 'nestjs-agenda-redis/testing';
import { Narrator } from './narrator.js';
import { sendInvoice } from './orders/invoice.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersModule } from './orders/orders.module.js';
import { packOrder } from './orders/pack-order.js';
import { PackingJobs } from './orders/packing.jobs.js';
import { shipParcel } from './orders/ship-parcel.js';
import { Warehouse } from './orders/warehouse.js';

let app: TestingModule;
let jobs: JobTesting;
let told: string[];

beforeEach(async () => {
  told = [];
  app = await Test.createTestingModule({
    imports: [AgendaRedisTestingModule.forRoot(), OrdersModule],
  })
    .overrideProvider(Narrator)
    .useValue({ tell: (what: string) => told.push(what) })
    .compile();
  app.useLogger(false);
  await app.init();
  jobs = app.get(JobTesting);
});

afterEach(() => app.close());

const place = (order: object) => app.get(OrdersController).place(order as never);

it('packs an order, then sends its invoice and its parcel', async () => {
  await place({ item: 'kettle', quantity: 2, email: 'ann@example.com' });

  await jobs.runAll();

  await jobs.expectCompleted(packOrder);
  await jobs.expectCompleted(sendInvoice, { email: 'ann@example.com', amount: 40 });
  await jobs.expectCompleted(shipParcel, { to: 'ann@example.com' });
  expect(told).toContain('ship-parcel: 2 kettle to ann@example.com');
});

it('refuses an order that nobody could pack', async () => {
  await expect(place({ item: 'kettle', quantity: 0 })).rejects.toThrow(InvalidDataError);

  await jobs.expectNotScheduled(packOrder);
});

it('tries again a second later when the warehouse is locked', async () => {
  jest.spyOn(app.get(Warehouse), 'take').mockRejectedValueOnce(new Error('locked'));
  await place({ item: 'kettle', email: 'ann@example.com' });

  await jobs.advance('1 second');

  expect(jobs.runs(packOrder)).toMatchObject([
    { attempt: 1, outcome: 'failed' },
    { attempt: 2, outcome: 'completed' },
  ]);
});

it('packs nothing for a tenant who is bankrupt', async () => {
  const order = { item: 'kettle', quantity: 1, email: 'ann@example.com' };

  const run = await jobs.runJob(PackingJobs, 'pack', order, { context: { tenant: 'bankrupt' } });

  expect(run).toMatchObject({ outcome: 'dead', reason: 'unrecoverable' });
  await jobs.expectNotScheduled(shipParcel);
});

it('ships the parcels that version 1 of the shop has left', async () => {
  const parcel = { to: 'old@example.com', item: 'teapot' };
  const run = await jobs.runJob(shipParcel.name, parcel, { version: 1 });

  expect(run.outcome).toBe('completed');
  expect(told).toEqual(['ship-parcel: 1 teapot to old@example.com']);
});
