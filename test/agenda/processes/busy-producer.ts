import { openAgenda, say } from './family.js';

// Adds jobs until it is told to end, and tells of those that were taken.
const agenda = await openAgenda();
let isOver = false;
process.once('SIGUSR2', () => (isOver = true));
say('ready');
while (!isOver) {
  await agenda.now('mail').then(
    (job) => say(`added ${job.attrs._id}`),
    (error: Error) => say(`refused ${error.message}`),
  );
  await new Promise((resolve) => setTimeout(resolve, 10));
}
process.exit(0);
