import { Agenda, type AgendaOptions } from 'agenda';
import { RedisBackend } from '../../../lib/redis/index.js';

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The instance of this process, where its environment says. */
export async function openAgenda(settings: Partial<AgendaOptions> = {}): Promise<Agenda> {
  const { REDIS_TEST_URL: connectionString, KEY_PREFIX: keyPrefix, LEASE_MS } = process.env;
  const options = { connectionString, keyPrefix, channelName: keyPrefix };
  const internals = LEASE_MS === undefined ? {} : { rowLeaseMs: Number(LEASE_MS) };
  // Agenda holds up the end of its process by half of these times.
  const limits = { processEvery: 1_000, defaultLockLifetime: 1_000 };
  const agenda = new Agenda({
    backend: new RedisBackend(options, internals),
    ...limits,
    ...settings,
  });
  agenda.on('error', (error) => say(`error ${error.message}`));
  await agenda.ready;
  return agenda;
}

/** So that several processes do something in one moment: when they are given a signal. */
export async function signalled(): Promise<void> {
  const signal = new Promise((resolve) => process.once('SIGUSR2', resolve));
  const alive = setInterval(() => {}, 1_000);
  say('ready');
  await signal;
  clearInterval(alive);
}
