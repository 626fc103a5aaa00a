#!/usr/bin/env node
import { runCommand } from './run.js';

/*
 * The program `nestjs-agenda-redis`.
 */

process.exitCode = await runCommand(process.argv.slice(2), {
  environment: process.env,
  tell: (line) => console.log(line),
});
