import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { describeStorage } from './storage.js';
import { Story } from './story.js';

console.log(describeStorage());

// The story tells of the failures that Nest's log would tell of, too.
const app = await NestFactory.createApplicationContext(AppModule, {
  logger: false,
  abortOnError: false,
});
await app.get(Story).play();

// Nothing is left that would keep the process alive.
await app.close();
