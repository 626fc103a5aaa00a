// A Redis Cluster of a test's own on loopback: three masters with a third of the slots each, and a replica of each.
import { Redis } from 'ioredis';
import { onFreePort } from './own-process.mjs';
import { pause } from './redis-process.mjs';
import { startPrivateRedis } from './redis-server.mjs';

const MASTERS = 3;
const SLOTS = 16_384;
const FORMED_WITHIN_MS = 30_000;

/** The nodes speak to each other on a second port, so far above the one for clients. */
const BUS = 10_000;
const hasBus = (port) => port + BUS <= 65_535;

/** See the type declarations beside this file. */
export async function startPrivateCluster({ nodeTimeoutMs = 1_000 } = {}) {
  const nodes = await allOrNone(
    Array.from({ length: 2 * MASTERS }, () => startNode(nodeTimeoutMs)),
  );
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  try {
    await form(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, untilWhole: () => untilWhole(nodes), stop };
}

async function startNode(nodeTimeoutMs) {
  const settings = {
    'cluster-enabled': 'yes',
    'cluster-node-timeout': nodeTimeoutMs,
    // Where a master is away the others go on.
    'cluster-require-full-coverage': 'no',
    // A replica takes over however long it has not heard of its master.
    'cluster-replica-validity-factor': '0',
    'repl-diskless-sync-delay': '0',
    // Clients are told of a replica once something has come to it: this does.
    'repl-ping-replica-period': '1',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const { server } = await onFreePort((port) => startPrivateRedis({ port, args }), hasBus);
  return server;
}

async function form(nodes) {
  const clients = nodes.map((node) => new Redis(node.url));
  try {
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
    await Promise.all(clients.map((client, i) => client.cluster('SET-CONFIG-EPOCH', i + 1)));
    for (let i = 0; i < MASTERS; i++) {
      const first = Math.round((i * SLOTS) / MASTERS);
      const end = Math.round(((i + 1) * SLOTS) / MASTERS);
      const slots = Array.from({ length: end - first }, (_, at) => first + at);
      await clients[i].cluster('ADDSLOTS', ...slots);
    }
    for (const { port } of nodes.slice(1)) await clients[0].cluster('MEET', '127.0.0.1', port);
    await Promise.all(clients.map((client) => untilKnows(client, ids)));
    for (let i = MASTERS; i < nodes.length; i++) {
      await clients[i].cluster('REPLICATE', ids[i - MASTERS]);
    }
    await untilWhole(nodes);
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** Until the node has shaken hands with all of them. */
function untilKnows(client, ids) {
  return until('the nodes know each other', async () => {
    const known = await client.cluster('NODES');
    return !known.includes('handshake') && ids.every((id) => known.includes(id));
  });
}

/** Until all nodes that run agree who has which slots, each slot has a master, and each replica has its copy. */
async function untilWhole(nodes) {
  const clients = nodes.map((node) => new Redis(node.url, { retryStrategy: () => 50 }));
  for (const client of clients) client.on('error', () => {});
  try {
    await until('the cluster is whole', async () => {
      const views = await Promise.all(clients.map((client) => viewOf(client)));
      return views.every((view) => view !== undefined && view === views[0]);
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** Who has which slots, as this node sees it; nothing while something is missing. */
async function viewOf(client) {
  const info = await client.cluster('INFO');
  const isWhole = info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`);
  if (!isWhole || !(await hasCopy(client))) return undefined;
  const slots = await client.cluster('SLOTS');
  const ranges = slots
    .map(([first, last, ...holders]) => [first, last, ...holders.map(([, port]) => port)].join(' '))
    .sort();
  const replicas = new Set(slots.flatMap(([, , , ...others]) => others.map(([, port]) => port)));
  return replicas.size === MASTERS ? ranges.join('\n') : undefined;
}

async function hasCopy(client) {
  const info = await client.info('replication');
  return info.includes('role:master')
    ? info.includes('connected_slaves:1')
    : info.includes('master_link_status:up');
}

async function until(what, holds) {
  const deadline = performance.now() + FORMED_WITHIN_MS;
  // A node that is on its way answers with an error, or not at all.
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await pause(20);
  }
}

/** What was started is stopped again when one of them does not start. */
async function allOrNone(starts) {
  const ended = await Promise.allSettled(starts);
  const failed = ended.find(({ status }) => status === 'rejected');
  if (!failed) return ended.map(({ value }) => value);
  await Promise.all(ended.map(({ value }) => value?.stop()));
  throw failed.reason;
}
