import type { Finding } from '../finding.js';
import { NEEDED_COMMANDS } from './needed-commands.js';
import type { Server } from './server.js';

const REMEDY = 'See docs/redis-acl.md for the rules of workers, producers and dashboards.';

/** Whether the user that looks may do what workers do. A server before Redis 7 cannot tell without doing it. */
export async function lookAtPermissions(server: Server): Promise<Finding[]> {
  const user = await server.ask('ACL', 'WHOAMI');
  const unknown = server.unchecked(
    'permissions',
    'whether its user may do all that workers do',
    REMEDY,
  );
  if (typeof user !== 'string') return [unknown];
  const missing: string[] = [];
  for (const command of NEEDED_COMMANDS) {
    const isAllowed = await mayRun(server, user, command);
    if (isAllowed === undefined) return [unknown];
    if (!isAllowed) missing.push(command.toLowerCase());
  }
  if (missing.length === 0) return [];
  const message = `user "${user}" may not run ${missing.join(', ')}: enough to look, maybe, but not to run jobs.`;
  return [server.warning('permissions', message, REMEDY)];
}

/** `undefined` where that cannot be asked. */
async function mayRun(server: Server, user: string, command: string): Promise<boolean | undefined> {
  for (const args of argumentsOf(command, server)) {
    try {
      const answer = await server.ask('ACL', 'DRYRUN', user, command, ...args);
      return answer === undefined ? undefined : answer === 'OK';
    } catch (error) {
      if (!/number of arguments/i.test(String(error))) throw error;
    }
  }
  return undefined;
}

/** Such that the command is of our keys and channels; how many it takes is found by trying. */
function argumentsOf(command: string, { store }: Server): string[][] {
  const { keys, options } = store;
  if (/^(UN)?SUBSCRIBE$/.test(command)) return [[options.channelName]];
  if (command === 'PUBLISH') return [[options.channelName, '']];
  if (/^(PING|TIME|INFO)$/.test(command)) return [[]];
  if (/^EVAL/.test(command)) return [['', '1', keys.jobs]];
  return [[], ['1'], ['1', '1'], ['1', '1', '1']].map((more) => [keys.jobs, ...more]);
}
