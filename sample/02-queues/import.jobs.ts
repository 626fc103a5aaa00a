import { Injectable } from '@nestjs/common';
import { JobHandler, JobScheduler, type Job } from 'nestjs-agenda-redis';
import { Narrator } from './narrator.js';

export interface Row {
  line: number;
  name: string;
}

@Injectable()
export class ImportJobs {
  /** Stands for a table of the application. */
  readonly stored = new Set<number>();

  constructor(
    private readonly scheduler: JobScheduler,
    private readonly narrator: Narrator,
  ) {}

  /**
   * Makes one job of each line, a hundred in a call. The ids come from the file: should this process die
   * half-way, the next attempt adds what is missing and nothing twice.
   */
  @JobHandler('import', { concurrency: 1, attempts: 3, timeout: '10 minutes' })
  async read(job: Job<{ file: string; lines: number }>): Promise<{ jobs: number }> {
    const { file, lines } = job.data;
    const result = await this.scheduler.enqueueMany(rowsOf(lines), {
      chunkSize: 100,
      signal: job.signal,
      map: (row) => ({ name: 'import-row', data: row, options: { id: `${job.id}:${row.line}` } }),
    });
    const jobs = result.created + result.existing;
    this.narrator.tell(`import: ${file} has become ${jobs} jobs`);
    return { jobs };
  }

  @JobHandler('import-row', { concurrency: 20, attempts: 5, backoff: '1s', removeOnComplete: true })
  store({ data: { line } }: Job<Row>): void {
    this.stored.add(line);
  }
}

/** Read as it is needed: a file of any size takes no more memory than one call. */
function* rowsOf(lines: number): Generator<Row> {
  for (let line = 1; line <= lines; line++) yield { line, name: `Person ${line}` };
}
