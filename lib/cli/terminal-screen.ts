import { emitKeypressEvents, type Key } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Screen } from './command.js';

/** A terminal that a person sits at. */
export class TerminalScreen implements Screen {
  constructor(
    private readonly input: ReadStream,
    private readonly output: WriteStream,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {}

  get columns(): number {
    return this.output.columns || 80;
  }

  get rows(): number {
    return this.output.rows || 24;
  }

  /** https://no-color.org: whatever it is set to. */
  get hasColours(): boolean {
    const { NO_COLOR, TERM } = this.environment;
    return !NO_COLOR && TERM !== 'dumb';
  }

  write(text: string): void {
    this.output.write(text);
  }

  onKey(listener: (key: string) => void): () => void {
    const { input } = this;
    // Where the input is a file there are no keys to be pressed.
    if (!input.isTTY) return () => undefined;
    const onKeypress = (_: string | undefined, { name, ctrl }: Key): void =>
      listener(ctrl ? `ctrl-${name}` : (name ?? ''));
    emitKeypressEvents(input);
    input.setRawMode(true);
    input.on('keypress', onKeypress).resume();
    return () => {
      input.off('keypress', onKeypress).pause();
      input.setRawMode(false);
    };
  }

  onResize(listener: () => void): () => void {
    this.output.on('resize', listener);
    return () => void this.output.off('resize', listener);
  }
}
