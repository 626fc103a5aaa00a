// A master, its replica, and the sentinels that let the replica take over, of a test's own on loopback.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { onFreePort } from './own-process.mjs';
import { pause, startProcess } from './redis-process.mjs';
import { neededBinary, startPrivateRedis } from './redis-server.mjs';

const NAME = 'main';
const KNOWN_WITHIN_MS = 30_000;
const AT_ONCE = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'];

/** See the type declarations beside this file. */
export async function startPrivateSentinels({ count = 1, downAfterMs = 500, args = [] } = {}) {
  const started = [];
  const stop = async () => void (await Promise.all(started.map((one) => one.stop())));
  const keep = (one) => {
    started.push(one);
    return one;
  };
  try {
    const master = keep(await startPrivateRedis({ args: [...AT_ONCE, ...args] }));
    const replicaOf = ['--replicaof', '127.0.0.1', `${master.port}`];
    const replica = keep(await startPrivateRedis({ args: [...AT_ONCE, ...args, ...replicaOf] }));
    await until('the replica has its copy', replica.port, async (client) =>
      (await client.info('replication')).includes('master_link_status:up'),
    );
    const sentinels = [];
    for (let i = 0; i < count; i++) {
      sentinels.push(keep(await startSentinel(master.port, count, downAfterMs)));
    }
    await Promise.all(sentinels.map(({ port }) => untilAware(port, count)));
    return { name: NAME, master, replica, sentinels, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startSentinel(masterPort, count, downAfterMs) {
  const dir = mkdtempSync(join(tmpdir(), 'sentinel-test-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const majority = Math.floor(count / 2) + 1;
  const start = (port) => {
    // A sentinel writes into its file what it comes to know.
    const file = join(dir, 'sentinel.conf');
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} ${majority}`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} 3000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return startProcess(neededBinary(), [file, '--sentinel'], port);
  };
  try {
    const { port, server } = await onFreePort(start);
    return {
      port,
      kill: (signal = 'SIGKILL') => server.kill(signal),
      async stop() {
        await server.kill('SIGKILL');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Until the sentinel knows the replica and all other sentinels. */
function untilAware(port, count) {
  return until('the sentinels know each other', port, async (client) => {
    const replicas = await client.call('SENTINEL', 'replicas', NAME);
    const others = await client.call('SENTINEL', 'sentinels', NAME);
    return replicas.length === 1 && others.length === count - 1;
  });
}

async function until(what, port, holds) {
  const client = new Redis(port, '127.0.0.1');
  client.on('error', () => {});
  const deadline = performance.now() + KNOWN_WITHIN_MS;
  try {
    while (!(await holds(client))) {
      if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
      await pause(20);
    }
  } finally {
    client.disconnect();
  }
}
