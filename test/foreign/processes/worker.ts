import { Engine } from '../../../lib/core/index.js';
import { officialBackend, type StoreAddress } from '../support/stores.js';

// A worker that takes a job up and never ends it.
const address = JSON.parse(process.env.STORE!) as StoreAddress;
const engine = new Engine(officialBackend(address), { lease: Number(process.env.LEASE_MS) });
engine.handlers.define('endless', async (job) => {
  console.log(`began ${job.id}`);
  await new Promise(() => setInterval(() => undefined, 1_000));
});
await engine.connect();
await engine.workerHost.start();
console.log('ready');
