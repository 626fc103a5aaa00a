import { readFile } from 'node:fs/promises';
import type { CommandIo } from './command.js';
import { UsageError } from './usage-error.js';

/** @throws UsageError */
export function jsonArgument(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new UsageError(`--${name} is not JSON: ${(error as Error).message}`);
  }
}

/**
 * Data for a job: JSON, `@` and the path of a file with JSON, or `-` for the standard input.
 *
 * @throws UsageError
 */
export async function dataArgument(
  text: string | undefined,
  io: Pick<CommandIo, 'readInput'>,
): Promise<unknown> {
  if (text === undefined) return undefined;
  if (text === '-') return jsonArgument('data', await io.readInput());
  return jsonArgument('data', text.startsWith('@') ? await fileText(text.slice(1)) : text);
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--data: ${(error as Error).message}`);
  }
}
