import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Accounts } from './accounts.js';
import { AppModule } from './app.module.js';
import { describeStorage } from './storage.js';

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');

const logger = new Logger('Dashboard');
const { user, password, isMadeUp } = app.get(Accounts);
logger.log(describeStorage());
logger.log(`The jobs are shown at ${await app.getUrl()}/jobs/`);
logger.log(
  isMadeUp
    ? `Sign in as ${user} with the password ${password} (or set DASHBOARD_PASSWORD).`
    : `Sign in as ${user} with the password from DASHBOARD_PASSWORD.`,
);
