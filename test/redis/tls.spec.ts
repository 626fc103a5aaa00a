import { Redis, type RedisOptions } from 'ioredis';
import { ConnectionError, InvalidOptionError } from '../../lib/core/errors.js';
import { Engine } from '../../lib/core/engine.js';
import { RedisBackend, type RedisBackendOptions } from '../../lib/redis/index.js';
import { newAuthority, type Identity } from '../support/certificates.js';
import { startPrivateRedis } from '../support/redis-server.mjs';
import { startTlsRedis, type TlsRedis } from '../support/tls-redis.js';
import { newPrefix, until } from './support.js';

const ours = newAuthority('our authority');
const others = newAuthority('somebody else');
const client = ours.issue({ name: 'worker' });
/** What a client needs that is let in. */
const tls = { ca: ours.cert, cert: client.cert, key: client.key };
const password = 's3cret';
const stops: (() => Promise<unknown>)[] = [];
const cleanups: (() => unknown)[] = [];
let redis: TlsRedis;

beforeAll(async () => {
  redis = await serverWith(ours.issue({ name: 'redis', hosts: ['localhost', '127.0.0.1'] }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

async function serverWith(identity: Identity, args: readonly string[] = []): Promise<TlsRedis> {
  const server = await startTlsRedis(identity, ours, args);
  stops.push(() => server.stop());
  return server;
}

function backendWith(options: RedisBackendOptions): RedisBackend {
  const backend = new RedisBackend({ keyPrefix: newPrefix(), connectTimeout: 5_000, ...options });
  cleanups.push(() => backend.disconnect());
  return backend;
}

/** Why a connection to the port does not come about. */
async function refusal(port: number, options: RedisOptions['tls']): Promise<ConnectionError> {
  const backend = backendWith({
    connectionString: `rediss://worker:${password}@127.0.0.1:${port}`,
    redisOptions: options === undefined ? {} : { tls: options },
  });
  return refusalOf(backend, port);
}

async function refusalOf(backend: RedisBackend, port: number): Promise<ConnectionError> {
  const error = await backend.connect().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(String(error)).toContain(`127.0.0.1:${port}`);
  expect(String(error)).not.toContain(password);
  return error as ConnectionError;
}

it('adds and runs jobs over TLS, with a certificate authority and a client certificate', async () => {
  const backend = backendWith({
    connectionString: `rediss://localhost:${redis.tlsPort}`,
    redisOptions: { tls },
  });
  const ran: string[] = [];
  const engine = new Engine(backend);
  cleanups.unshift(() => engine.close());
  engine.handlers.define('mail', async (job) => void ran.push(String(job.data)));
  await engine.connect();
  await engine.workerHost.start();

  await engine.scheduler.now('mail', 'ann');
  await until(() => ran.length > 0);

  expect(ran).toEqual(['ann']);
});

it('reaches the nodes of a Cluster over TLS', async () => {
  const node = await serverWith(ours.issue({ name: 'node', hosts: ['127.0.0.1'] }), [
    ...['--cluster-enabled', 'yes', '--tls-cluster', 'yes'],
    ...['--cluster-announce-ip', '127.0.0.1'],
  ]);
  const plain = new Redis(node.url);
  cleanups.push(() => plain.disconnect());
  await plain.call('CLUSTER', 'ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
  await until(async () => /cluster_state:ok/.test(String(await plain.call('CLUSTER', 'INFO'))));
  const nodes = [{ host: '127.0.0.1', port: node.tlsPort }];
  const cluster = { nodes, options: { redisOptions: { tls: { ...tls, ca: others.cert } } } };
  const stranger = await refusalOf(backendWith({ cluster, connectTimeout: 2_000 }), node.tlsPort);
  expect(stranger.message).toContain('self-signed certificate in certificate chain');
  const backend = backendWith({ cluster: { nodes, options: { redisOptions: { tls } } } });
  await backend.connect();

  expect((await backend.manager.counts()).size).toBe(0);
});

describe('a connection over TLS that does not come about says why, and where', () => {
  it('when nobody vouches for the server', async () => {
    for (const options of [undefined, { ...tls, ca: others.cert }]) {
      const error = await refusal(redis.tlsPort, options);

      expect(error.message).toContain('self-signed certificate in certificate chain');
      expect(error.message).toContain('`ca`');
      expect(error.outcomeKnown).toBe(true);
    }
  });

  it('when the certificate of the server vouches for itself', async () => {
    const server = await serverWith(newAuthority('127.0.0.1'));

    expect((await refusal(server.tlsPort, tls)).message).toContain('self-signed certificate');
  });

  it('when the certificate of the server has expired', async () => {
    const validUntil = new Date(Date.now() - 1_000);
    const expired = ours.issue({ name: 'redis', hosts: ['127.0.0.1'], validUntil });
    const server = await serverWith(expired);

    expect((await refusal(server.tlsPort, tls)).message).toContain('certificate has expired');
  });

  it('when the certificate names another host, until `servername` says that this is meant', async () => {
    const named = ours.issue({ name: 'redis', hosts: ['redis.example.com'] });
    const server = await serverWith(named);

    for (const options of [tls, { ...tls, servername: 'elsewhere.example.com' }]) {
      const error = await refusal(server.tlsPort, options);
      expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
      expect(error.message).toContain('`servername`');
    }
    const meant = backendWith({
      connectionString: `rediss://127.0.0.1:${server.tlsPort}`,
      redisOptions: { tls: { ...tls, servername: 'redis.example.com' } },
    });
    await meant.connect();
  });

  it('when the server asks for a certificate and gets none, or one that nobody vouches for', async () => {
    for (const ofClient of [{}, others.issue({ name: 'stranger' })]) {
      const error = await refusal(redis.tlsPort, { ca: ours.cert, ...ofClient });

      expect(error.message).toMatch(/alert (certificate required|unknown ca|handshake failure)/);
      expect(error.message).toContain('`cert`');
    }
  });

  it('when what it was given is no certificate', async () => {
    const error = await refusal(redis.tlsPort, { ...tls, ca: ours.cert, cert: 'no certificate' });

    expect(error.message).toContain('`cert`');
  });

  it('at once also where it waits for a late Redis: that does not mend a certificate', async () => {
    const backend = backendWith({
      connectionString: `rediss://127.0.0.1:${redis.tlsPort}`,
      waitForRedis: true,
    });

    const error = await refusalOf(backend, redis.tlsPort);
    expect(error.message).toContain('`ca`');
  });
});

it('says within the connect timeout that one end speaks TLS and the other does not', async () => {
  const { port, tlsPort } = redis;
  const connectTimeout = 500;
  const connectionString = `rediss://w:${password}@127.0.0.1:${port}`;
  const tooMuch = backendWith({ connectionString, redisOptions: { tls }, connectTimeout });
  const tooLittle = backendWith({
    connectionString: `redis://w:${password}@127.0.0.1:${tlsPort}`,
    connectTimeout,
  });

  expect((await refusalOf(tooMuch, port)).message).toContain('a port without TLS never answers');
  expect((await refusalOf(tooLittle, tlsPort)).message).toContain('it takes rediss://');
});

it('refuses certificates beside a connection string that does not ask for TLS', async () => {
  const server = await startPrivateRedis();
  stops.push(() => server.stop());

  expect(() => backendWith({ connectionString: server.url, redisOptions: { tls } })).toThrow(
    InvalidOptionError,
  );
});
