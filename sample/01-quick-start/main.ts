import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { describeStorage } from './storage.js';

const app = await NestFactory.create(AppModule);

// Without it a SIGTERM ends the process at once; with it running jobs may finish first.
app.enableShutdownHooks();

await app.listen(process.env.PORT ?? 3000);

const logger = new Logger('QuickStart');
logger.log(describeStorage());
logger.log(`Listening on ${await app.getUrl()}`);
