import { addAbortSignal, type Readable } from 'node:stream';
import type { CommandIo, Screen } from './command.js';
import { TerminalScreen } from './terminal-screen.js';

/** A command speaks through the streams of the process, and hears its signals. */
export class ProcessIo implements CommandIo {
  readonly environment = process.env;
  readonly screen: Screen | undefined;
  /** Whether the reader of the answer has gone: it has seen enough, as in `list | head`. */
  isUnheard = false;
  private readonly controller = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;
  private readonly stop = (): void => {
    // Who asks a second time does not want to wait.
    if (this.signal.aborted) process.exit(130);
    this.controller.abort();
  };

  constructor() {
    const { stdin, stdout, stderr } = process;
    this.screen = stdout.isTTY ? new TerminalScreen(stdin, stdout, process.env) : undefined;
    process.on('SIGINT', this.stop).on('SIGTERM', this.stop);
    stdout.on('error', this.leave);
    stderr.on('error', this.leave);
  }

  print(line: string): void {
    process.stdout.write(`${line}\n`);
  }

  tell(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  async readInput(): Promise<string> {
    return textOf(process.stdin, this.signal);
  }

  close(): void {
    process.off('SIGINT', this.stop).off('SIGTERM', this.stop);
  }

  private readonly leave = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    this.isUnheard = true;
    this.controller.abort();
  };
}

/** @throws the signal's reason when it fires before the end */
async function textOf(input: Readable, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, input)) chunks.push(chunk as Buffer);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return Buffer.concat(chunks).toString('utf8');
}
