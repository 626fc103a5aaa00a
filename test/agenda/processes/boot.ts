import { openAgenda, say, signalled } from './family.js';

// Boots as every process of an application does: it registers its recurring job, and adds its unique ones.
const agenda = await openAgenda();
await signalled();
const report = agenda.every('5 minutes', 'report');
const saves = Array.from({ length: 10 }, (_, i) =>
  agenda
    .create('mail', { user: 1, process: process.pid, i })
    .unique({ 'data.user': 1 }, { insertOnly: true })
    .save(),
);
say(`report ${(await report).attrs._id}`);
for (const job of await Promise.all(saves)) say(`mail ${job.attrs._id}`);
await agenda.start();
await agenda.stop();
