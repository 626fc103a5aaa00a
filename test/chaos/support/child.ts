import { ChildApp } from '../../support/child-app.js';

/** A worker or producer process, and what it says: lines of JSON. */
export class Child extends ChildApp {
  /** When it was killed, by the clock of the machine. */
  killedAt: number | undefined;
  private exit: number | NodeJS.Signals | null | undefined;

  constructor(...args: ConstructorParameters<typeof ChildApp>) {
    super(...args);
    void this.ended.then((how) => (this.exit = how));
  }

  get hasEnded(): boolean {
    return this.exit !== undefined;
  }

  /** Waits for a line. Rejects when the process ends without it. */
  async says(what: string): Promise<Record<string, unknown>> {
    const [line] = await this.prints(new RegExp(`^.*"what":"${what}".*$`, 'm'));
    return JSON.parse(line) as Record<string, unknown>;
  }

  /** Ends at once, whatever it is doing. */
  async crash(): Promise<void> {
    this.killedAt = Date.now();
    this.signal('SIGKILL');
    await this.ended;
  }

  /** Unhandled rejections, uncaught exceptions, warnings, and an end that was an accident. */
  troubles(): string[] {
    const troubles = this.output.split('\n').filter((line) => {
      const isExpected = /^\{"what":"(ready|closed|done)"/.test(line);
      return line !== '' && !isExpected;
    });
    if (typeof this.exit === 'number' && this.exit !== 0) troubles.push(`exit ${this.exit}`);
    return troubles;
  }
}
