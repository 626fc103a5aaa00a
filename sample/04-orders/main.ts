import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { describeStorage } from './storage.js';
import { Story } from './story.js';
import { runYesterdaysShop } from './yesterday.js';

console.log(describeStorage());
await runYesterdaysShop();

// The narrator tells of the failures that Nest's log would tell of, too.
const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
await app.listen(0, '127.0.0.1');
await app.get(Story).play(await app.getUrl());

// Nothing is left that would keep the process alive.
await app.close();
