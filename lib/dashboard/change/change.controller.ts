import { Body, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { Answers } from '../answers.js';
import type { AuditEntry, BulkAnswer } from '../api/index.js';
import { Audit } from '../audit/audit.js';
import { AddedJobs } from './added-jobs.js';
import { addBody, bulkBody, deadBody, emptyBody, pauseBody } from './bodies.js';
import { BulkChanges } from './bulk-changes.js';
import { DeadChanges } from './dead-changes.js';
import { describedChange, type ChangeRequest } from './described-change.js';
import { JobChanges } from './job-changes.js';
import { PauseChanges } from './pause-changes.js';

/** What can be changed: see `api/actions.ts`. Who may, and that the page has asked for it, is settled before. */
export class ChangeController {
  constructor(
    @Inject(Answers) private readonly answers: Answers,
    @Inject(Audit) private readonly audit: Audit,
    @Inject(JobChanges) private readonly jobs: JobChanges,
    @Inject(AddedJobs) private readonly added: AddedJobs,
    @Inject(BulkChanges) private readonly bulk: BulkChanges,
    @Inject(DeadChanges) private readonly dead: DeadChanges,
    @Inject(PauseChanges) private readonly pauses: PauseChanges,
  ) {}

  @Post('jobs')
  async add(@Req() request: ChangeRequest, @Res() response: unknown, @Body() body: unknown) {
    const answer = await this.added.add(addBody(body));
    this.done(request, response, answer, { changed: 1, targets: [answer.id] });
  }

  @Post('jobs/bulk')
  async changeMany(@Req() request: ChangeRequest, @Res() response: unknown, @Body() body: unknown) {
    const { answer, fault } = await this.bulk.make(bulkBody(body));
    this.done(request, response, answer, { changed: answer.done, ...toldOf(answer, fault) });
  }

  @Post('jobs/:id/:action')
  async change(
    @Req() request: ChangeRequest,
    @Res() response: unknown,
    @Param('id') id: string,
    @Param('action') action: string,
    @Body() body: unknown,
  ) {
    const answer = await this.jobs.make(action, id, body);
    this.done(request, response, answer, { changed: answer.outcome === 'unchanged' ? 0 : 1 });
  }

  @Post(['pause', 'names/:name/pause'])
  async pause(
    @Req() request: ChangeRequest,
    @Res() response: unknown,
    @Param('name') name: string | undefined,
    @Body() body: unknown,
  ) {
    const answer = await this.pauses.pause(name, pauseBody(body), request.user);
    this.done(request, response, answer, { changed: Number(answer.changed) });
  }

  @Post(['resume', 'names/:name/resume'])
  async resume(
    @Req() request: ChangeRequest,
    @Res() response: unknown,
    @Param('name') name: string | undefined,
    @Body() body: unknown,
  ) {
    emptyBody(body);
    const answer = await this.pauses.resume(name);
    this.done(request, response, answer, { changed: Number(answer.changed) });
  }

  @Post('dead/requeue')
  async requeueDead(
    @Req() request: ChangeRequest,
    @Res() response: unknown,
    @Body() body: unknown,
  ) {
    const answer = await this.dead.requeue(deadBody(body));
    this.done(request, response, answer, { changed: answer.changed });
  }

  @Post('dead/purge')
  async purgeDead(@Req() request: ChangeRequest, @Res() response: unknown, @Body() body: unknown) {
    const answer = await this.dead.purge(deadBody(body));
    this.done(request, response, answer, { changed: answer.changed });
  }

  /** What is refused or fails as a whole is answered and told by `ChangeErrors`. */
  private done(request: ChangeRequest, response: unknown, answer: object, told: Told): void {
    const described = describedChange(request);
    this.audit.tell({ ...described, user: request.user, outcome: 'done', ...told });
    this.answers.json(response, answer);
  }
}

type Told = Pick<AuditEntry, 'changed'> &
  Partial<Pick<AuditEntry, 'outcome' | 'message' | 'targets'>>;

function toldOf({ done, refused }: BulkAnswer, fault: string | undefined): Partial<Told> {
  const [first] = refused;
  if (!first) return {};
  const message = fault ?? `${refused.length} refused, such as ${first.id}: ${first.why}`;
  if (fault !== undefined) return { outcome: 'failed', message };
  return { outcome: done === 0 ? 'refused' : 'done', message };
}
