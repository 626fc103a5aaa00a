import { Get, Inject, Param, Req, Res } from '@nestjs/common';
import { VERSION } from '../../core/index.js';
import { Answers } from '../answers.js';
import type { Session } from '../api/index.js';
import { userName } from '../audit/user-name.js';
import { DashboardInstance } from '../dashboard-instance.js';
import { LiveFeed } from '../live/live-feed.js';
import { tokenFor, type CookieRequest } from '../lock/session-token.js';
import { openApiDocument } from '../openapi/document.js';
import { MASK } from '../redact/mask.js';
import { Redaction } from '../redact/redaction.js';
import { readHosts } from './hosts.js';
import { readJob } from './job-detail.js';
import { JOB_LIST_KEYS, listJobs } from './job-list.js';
import { LOG_KEYS, readLog } from './job-logs.js';
import { readName } from './name-detail.js';
import { RequestQuery } from './request-query.js';
import { PREVIEW_KEYS, previewSchedule } from './schedule-preview.js';
import { listSchedules } from './schedules.js';
import { SharedOverview } from './shared-overview.js';

/** All that can be looked at. */
export class ReadController {
  constructor(
    @Inject(Answers) private readonly answers: Answers,
    @Inject(DashboardInstance) private readonly instance: DashboardInstance,
    @Inject(SharedOverview) private readonly overviews: SharedOverview,
    @Inject(LiveFeed) private readonly feed: LiveFeed,
    @Inject(Redaction) private readonly redaction: Redaction,
  ) {}

  @Get('session')
  session(@Req() request: unknown, @Res() response: unknown): void {
    noQuery(request);
    const { token, setCookie } = tokenFor(request as CookieRequest);
    this.answers.setHeader(response, 'set-cookie', setCookie);
    const session: Session = {
      token,
      readOnly: this.instance.readOnly,
      instance: this.instance.name,
      version: VERSION,
      user: userName((request as { readonly user?: unknown }).user) ?? null,
      mask: MASK,
      now: new Date(this.instance.now()).toISOString(),
    };
    this.answers.json(response, session);
  }

  @Get('overview')
  async overview(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    noQuery(request);
    this.answers.json(response, await this.overviews.read());
  }

  @Get('live')
  async live(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    noQuery(request);
    await this.feed.join(response);
  }

  @Get('names/:name')
  async name(
    @Req() request: unknown,
    @Param('name') name: string,
    @Res() response: unknown,
  ): Promise<void> {
    noQuery(request);
    this.answers.json(response, await readName(this.instance, name));
  }

  @Get('jobs')
  async jobs(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    const query = new RequestQuery(request, JOB_LIST_KEYS);
    this.answers.json(response, await listJobs(this.instance, query, this.redaction));
  }

  @Get('jobs/:id')
  async job(
    @Req() request: unknown,
    @Param('id') id: string,
    @Res() response: unknown,
  ): Promise<void> {
    noQuery(request);
    this.answers.json(response, await readJob(this.instance, id, this.redaction));
  }

  @Get('jobs/:id/logs')
  async logs(
    @Req() request: unknown,
    @Param('id') id: string,
    @Res() response: unknown,
  ): Promise<void> {
    const query = new RequestQuery(request, LOG_KEYS);
    const { scheduler } = this.instance;
    this.answers.json(response, await readLog(scheduler, id, query, this.redaction));
  }

  @Get('schedules')
  async schedules(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    const cursor = new RequestQuery(request, ['cursor']).one('cursor');
    this.answers.json(response, await listSchedules(this.instance, cursor, this.redaction));
  }

  @Get('schedules/preview')
  preview(@Req() request: unknown, @Res() response: unknown): void {
    const query = new RequestQuery(request, PREVIEW_KEYS);
    this.answers.json(response, previewSchedule(query, this.instance.now()));
  }

  @Get('hosts')
  async hosts(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    noQuery(request);
    this.answers.json(response, await readHosts(this.instance, this.redaction));
  }

  @Get('openapi.json')
  document(@Req() request: unknown, @Res() response: unknown): void {
    noQuery(request);
    this.answers.json(response, openApiDocument());
  }
}

/** @throws InvalidOptionError for any parameter */
const noQuery = (request: unknown): void => void new RequestQuery(request, []);
