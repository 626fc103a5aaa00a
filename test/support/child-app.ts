import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The Redis of the tests keeps nothing on disk. */
const QUIET = '--disable-warning=persistence-off';

/** A process that runs an application, and what it has written so far. */
export class ChildApp {
  output = '';
  private readonly child: ChildProcess;
  private readonly watchers = new Set<() => void>();
  /** How it ended: the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(file: string, environment: NodeJS.ProcessEnv, nodeArguments: string[] = []) {
    this.child = spawn(process.execPath, [QUIET, ...nodeArguments, file], {
      env: { ...inherited(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        for (const watcher of this.watchers) watcher();
      });
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => (signal ?? code) as number);
  }

  /** Waits until the output matches. Rejects with the output when the process ends before. */
  async prints(expected: RegExp): Promise<RegExpExecArray> {
    const seen = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = expected.exec(this.output);
        if (!match) return;
        this.watchers.delete(look);
        resolve(match);
      };
      this.watchers.add(look);
      look();
    });
    const over = this.ended.then((how) => {
      throw new Error(`The process ended (${how}) without printing ${expected}:\n${this.output}`);
    });
    return Promise.race([seen, over]);
  }

  get pid(): number {
    return this.child.pid!;
  }

  terminate(): void {
    this.signal('SIGTERM');
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** For after a test: whatever state it is in. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Neither Jest's variables, such as NODE_OPTIONS, nor a Redis that a test did not choose. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR, NO_COLOR: '1' };
}
