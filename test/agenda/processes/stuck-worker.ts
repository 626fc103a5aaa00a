import { openAgenda, say } from './family.js';

// A worker that takes jobs up and never ends them.
const agenda = await openAgenda({ defaultLockLifetime: 600_000 });
agenda.define('mail', (job, _done) => say(`started ${job.attrs._id}`));
await agenda.start();
say('ready');
