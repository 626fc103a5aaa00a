#!/usr/bin/env node
import { EXIT } from './command.js';
import { ProcessIo } from './process-io.js';
import { runCommand } from './run.js';

/*
 * The program `nestjs-agenda-redis`.
 */

const io = new ProcessIo();
const code = await runCommand(process.argv.slice(2), io);
// Who has gone had heard enough; what failed has failed all the same.
process.exitCode = io.isUnheard && code === EXIT.interrupted ? EXIT.done : code;
io.close();
