import type { Job } from 'agenda';
import { openAgenda } from './family.js';

// What Agenda starts for one run of a job in fork mode.
const [, , name, id] = process.argv;
const agenda = await openAgenda({ name: `fork of ${name}`, forkedWorker: true });

async function run(job: Job): Promise<void> {
  await job.touch(70);
  if (job.attrs.data === 'fail') throw new Error('no luck in the fork');
  if (job.attrs.data === 'die') process.exit(2);
}

// oxlint-disable-next-line typescript/no-misused-promises
agenda.define(name!, run);
try {
  await agenda.runForkedJob(id!);
  process.exit(0);
} catch (error) {
  process.send!((error as Error).message, () => process.exit(1));
}
