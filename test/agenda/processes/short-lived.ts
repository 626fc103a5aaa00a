import { openAgenda, say } from './family.js';

// Runs a job, leaves a job for others, and stops. Nothing else ends it.
const agenda = await openAgenda({ logging: true });
agenda.define('mail', (_job, done) => done());
const completed = new Promise((resolve) => agenda.once('complete:mail', resolve));
await agenda.start();
await agenda.now('mail');
await completed;
await agenda.schedule('in 2 seconds', 'mail');
await agenda.stop();
say('stopped');
