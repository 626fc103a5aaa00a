import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { Day } from './day.js';
import { describeStorage } from './storage.js';

console.log(describeStorage());

// The narrator tells of the failures that Nest's log would tell of, too.
const app = await NestFactory.createApplicationContext(AppModule, {
  logger: false,
  abortOnError: false,
});
await app.get(Day).live();

// Nothing is left that would keep the process alive.
await app.close();
