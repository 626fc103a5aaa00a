import { startPrivatePostgres, type PrivatePostgres } from '../support/postgres-server.mjs';
import { promises } from './support/promises.js';

let postgres: PrivatePostgres;

// A first run on a new machine may have to fetch the server.
beforeAll(async () => {
  postgres = await startPrivatePostgres();
}, 120_000);

afterAll(() => postgres?.stop());

describe("on Agenda's PostgreSQL backend", () => {
  promises('postgres', () => postgres.url);
});
