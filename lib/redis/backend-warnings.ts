import type { BackendWarning } from '../core/contracts/agenda-backend.js';

type Listener = (warning: BackendWarning) => void;

/** What backends that nobody listens to have told of their stores: a process need not hear it of each. */
const toldToProcess = new Set<string>();

/** What a backend has to say that fails nobody. Where no engine listens, as under npm `agenda`, it is a process warning. */
export class BackendWarnings {
  private readonly listeners = new Set<Listener>();
  private readonly told = new Set<string>();

  /** @returns ends it */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** What does not change while the process lives: once is enough. */
  tellOnce(warning: BackendWarning): void {
    if (this.told.has(warning.code)) return;
    this.told.add(warning.code);
    if (this.listeners.size === 0) {
      if (toldToProcess.has(warning.message)) return;
      toldToProcess.add(warning.message);
    }
    this.tell(warning);
  }

  tell(warning: BackendWarning): void {
    for (const listener of this.listeners) listener(warning);
    if (this.listeners.size > 0) return;
    process.emitWarning(warning.message, { code: warning.code });
  }
}
