// A process of Redis, Valkey or Sentinel: its start, its signals, its end.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { withParent } from './own-process.mjs';

export const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 5_000;

/** Those that run: one listener ends them all with this process. */
const running = new Set();
process.on('exit', () => {
  for (const kill of running) kill();
});

/**
 * Starts a server process and waits until it answers on its port. Rejects with its last line when it does not.
 * Ends with this process.
 */
export async function startProcess({ file, env }, args, port) {
  const [command, ...prefix] = [...withParent('KILL'), file];
  const child = spawn(command, [...prefix, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let lastLine = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => {
      lastLine = text.trim().split('\n').at(-1) || lastLine;
    });
  }
  const killChild = () => child.kill('SIGKILL');
  running.add(killChild);
  const exited = new Promise((resolve) => child.once('close', resolve).once('error', resolve)).then(
    () => running.delete(killChild),
  );
  const hasExited = () => child.pid === undefined || child.exitCode !== null || child.signalCode;

  const kill = async (signal) => {
    child.kill(signal);
    const endsProcess = !['SIGSTOP', 'SIGCONT'].includes(signal);
    if (endsProcess) await exited;
  };
  const end = async () => {
    child.kill('SIGTERM');
    // A stopped process acts on a signal only once it goes on.
    child.kill('SIGCONT');
    const impatience = setTimeout(killChild, STOP_WITHIN_MS);
    await exited;
    clearTimeout(impatience);
  };

  const until = performance.now() + START_WITHIN_MS;
  while (!hasExited() && performance.now() < until) {
    // Whoever answers on this port must be our child, not another process that was faster.
    if ((await answersPing(port)) && !hasExited()) return { pid: child.pid, kill, end };
    await pause(20);
  }
  killChild();
  await exited;
  throw new Error(`${file} did not start on port ${port}: ${lastLine || 'no answer'}`);
}

/** True once the server has loaded its data: until then it answers `-LOADING`. */
export function answersPing(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(500, () => socket.destroy());
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
