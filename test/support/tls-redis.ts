import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Authority, Identity } from './certificates.js';
import { onFreePort } from './own-process.mjs';
import { startPrivateRedis, type PrivateRedis } from './redis-server.mjs';

/** A server with a port that speaks TLS, and asks for certificates, beside its plain one. */
export interface TlsRedis extends PrivateRedis {
  readonly tlsPort: number;
}

/** @param clients - who vouches for those who may come in */
export async function startTlsRedis(
  { cert, key }: Identity,
  clients: Authority,
  args: readonly string[] = [],
): Promise<TlsRedis> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-test-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const settings = {
    'tls-cert-file': file('server.crt', cert),
    'tls-key-file': file('server.key', key),
    'tls-ca-cert-file': file('ca.crt', clients.cert),
  };
  const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const { port: tlsPort, server } = await onFreePort((port: number) =>
    startPrivateRedis({ dir, args: ['--tls-port', String(port), ...given, ...args] }),
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  return Object.defineProperties(Object.create(server) as PrivateRedis, {
    tlsPort: { value: tlsPort },
    stop: { value: stop },
  }) as TlsRedis;
}
