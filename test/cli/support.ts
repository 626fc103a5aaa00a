import { runCommand } from '../../lib/cli/run.js';

/** Runs the program in this process: its exit code, and what it said. */
export async function command(
  ...args: string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const lines: string[] = [];
  const code = await runCommand(args, {
    environment: { REDIS_URL: process.env.TEST_REDIS_URL },
    tell: (line) => void lines.push(line),
  });
  return { code, said: lines.join('\n') };
}
