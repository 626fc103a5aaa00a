import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';

/** A command that a server was sent: `client` is its address, or `lua` for one of a script. */
export type Seen = (args: string[], client: string) => void;

/**
 * Tells every command that the server of a client gets from now on, until what it answers is called. On a
 * connection of its own: the client's monitor fails when the first command comes with the answer that it has begun.
 */
export async function monitor({ options }: Redis, seen: Seen): Promise<() => void> {
  const socket = connect(options.port!, options.host);
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  const begun = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    lines.on('line', (line) => {
      if (line === '+OK') return resolve();
      const [, client, command] = /^\+[\d.]+ \[\d+ (\S+?)\] (.*)$/.exec(line)!;
      seen(argumentsOf(command!), client!);
    });
  });
  socket.write('MONITOR\r\n');
  await begun;
  return () => socket.destroy();
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** In quotes, with a backslash before those inside. */
const QUOTED = /^(?:"(?:[^"\\]|\\.)*"(?: |$))*$/;

/** As the server quotes them; some leave the quotes inside as they are. */
function argumentsOf(command: string): string[] {
  const parts = QUOTED.test(command)
    ? Array.from(command.matchAll(/"((?:[^"\\]|\\.)*)"/g), ([, inside]) => inside!)
    : command.slice(1, -1).split('" "');
  return parts.map((part) =>
    part.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, code: string | undefined, letter: string) =>
      code === undefined ? (ESCAPED[letter] ?? letter) : String.fromCharCode(parseInt(code, 16)),
    ),
  );
}
