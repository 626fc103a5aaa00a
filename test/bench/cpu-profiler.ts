import { writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';

const INTERVAL_US = 200;

/** Takes a CPU profile of a stretch of work, without the start of the process around it. */
export class CpuProfiler {
  private readonly session = new Session();

  constructor(private readonly file: string) {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  }

  start(): void {
    this.session.post('Profiler.start');
  }

  stop(): void {
    // Answered before `post` returns: the session is that of this very process.
    this.session.post('Profiler.stop', (error, answer?: Profiler.StopReturnType) => {
      if (error || !answer) throw error ?? new Error('The profiler gave no profile.');
      writeFileSync(this.file, JSON.stringify(answer.profile));
    });
    this.session.disconnect();
  }
}
