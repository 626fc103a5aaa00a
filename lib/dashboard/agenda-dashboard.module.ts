import { Inject, Module, type DynamicModule, type NestModule, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Answers } from './answers.js';
import { Audit } from './audit/audit.js';
import { CHANGES } from './change/changes.js';
import { dashboardControllers } from './dashboard-controllers.js';
import { DashboardInstance } from './dashboard-instance.js';
import { resolveDashboardOptions, type AgendaDashboardOptions } from './dashboard-options.js';
import { LiveFeed } from './live/live-feed.js';
import { servePageBehindSlash } from './page.controller.js';
import { SharedOverview } from './read/shared-overview.js';
import { Redaction } from './redact/redaction.js';
import { DASHBOARD_OPTIONS, PAGE_CONTROLLER } from './tokens.js';

/**
 * The page that shows and changes the jobs of an instance, and the JSON API below it. Import it once for each
 * instance, each with a `path` of its own.
 *
 * @example
 * imports: [
 *   AgendaRedisModule.forRoot({ … }),
 *   AgendaDashboardModule.forRoot({ path: '/admin/jobs', guards: [AdminGuard] }),
 * ]
 */
@Module({})
export class AgendaDashboardModule implements NestModule {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(PAGE_CONTROLLER) private readonly page: Type,
  ) {}

  /** @throws InvalidOptionError; also without `guards`, unless it is `public` */
  static forRoot(options: AgendaDashboardOptions): DynamicModule {
    const resolved = resolveDashboardOptions(options);
    const { page, api } = dashboardControllers(resolved);
    return {
      module: AgendaDashboardModule,
      imports: resolved.imports,
      controllers: [...api, page],
      providers: [
        { provide: DASHBOARD_OPTIONS, useValue: resolved },
        { provide: PAGE_CONTROLLER, useValue: page },
        Answers,
        Audit,
        DashboardInstance,
        LiveFeed,
        Redaction,
        SharedOverview,
        ...CHANGES,
      ],
    };
  }

  /** Comes after the platform is known, and before the routes are. */
  configure(): void {
    if (this.host.httpAdapter?.getType() === 'fastify') servePageBehindSlash(this.page);
  }
}
