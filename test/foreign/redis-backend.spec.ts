import { startPrivateRedis, type PrivateRedis } from '../support/redis-server.mjs';
import { promises } from './support/promises.js';

let redis: PrivateRedis;

beforeAll(async () => {
  redis = await startPrivateRedis();
}, 30_000);

afterAll(() => redis?.stop());

describe("on Agenda's Redis backend", () => {
  promises('redis', () => redis.url);
});
