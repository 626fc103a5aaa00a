import type { JobEvents } from '../events/job-events.js';

/** Warns of names whose due jobs nobody runs, of each once. */
export class UnhandledNames {
  private readonly told = new Set<string>();

  /** @param handles - whether this process does: its registration may be on its way */
  constructor(
    private readonly events: Pick<JobEvents, 'emitWarning'>,
    private readonly handles: (name: string) => boolean,
  ) {}

  found(names: readonly string[]): void {
    for (const name of names) {
      if (this.told.has(name) || this.handles(name)) continue;
      this.told.add(name);
      this.events.emitWarning('unhandled-name', messageOf(name), name);
    }
  }
}

const messageOf = (name: string): string =>
  `Jobs of "${name}" are due, and no process has ever registered a handler for them: they wait. ` +
  'Start a worker that handles the name, or correct it where the jobs are added.';
