// `npm run test:docker [-- valkey]`: the tests on a server from docker-compose.yml, which is
// started for them and always stopped again. Ends with the status of the tests.
import { spawnSync } from 'node:child_process';

const service = process.argv[2] ?? 'redis';
const port =
  service === 'valkey' ? (process.env.VALKEY_PORT ?? 6380) : (process.env.REDIS_PORT ?? 6379);

// Ctrl-C reaches the tests too, and ends them; here it must not come before the server is stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});

let status;
try {
  status =
    run('docker', ['compose', 'up', '--detach', '--wait', service]) ||
    run('npm', ['test'], { REDIS_TEST_URL: `redis://127.0.0.1:${port}` });
} finally {
  run('docker', ['compose', '--profile', 'valkey', 'down', '--volumes']);
}
process.exitCode = status;

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}
