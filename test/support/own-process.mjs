// What servers of the tests have in common.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';

/**
 * Starts a server on a free port, and answers with the port beside what `start` gave. Another process
 * may take the port before the server does: then the next one is tried. A server may not like every port.
 */
export async function onFreePort(start, fits = () => true) {
  for (let attempt = 1; ; attempt++) {
    let port = await freePort();
    while (!fits(port)) port = await freePort();
    try {
      return { port, server: await start(port) };
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Arguments to start a command with: on Linux the kernel ends it with its parent, however that ends. */
export function withParent(signal) {
  const canFollow =
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', signal, 'true'], { stdio: 'ignore' }).status === 0;
  return canFollow ? ['setpriv', '--pdeathsig', signal] : [];
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
