import { openAgenda, say } from './family.js';

// Runs short jobs, and tells of each.
const agenda = await openAgenda({
  maxConcurrency: 10,
  defaultConcurrency: 10,
  // Longer than any outage: Agenda gives away what took longer.
  defaultLockLifetime: 10_000,
});
agenda.define('mail', (job, done) => {
  say(`ran ${job.attrs._id}`);
  setTimeout(done, 10);
});
await agenda.start();
say('ready');
