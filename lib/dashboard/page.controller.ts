import { Get, Inject, NotFoundException, Req, Res, type Type } from '@nestjs/common';
import { Answers, pathOfRequest } from './answers.js';
import { PAGE_FILES } from './bundle.js';
import type { ResolvedDashboardOptions } from './dashboard-options.js';
import { DASHBOARD_OPTIONS } from './tokens.js';

/** Nothing but what this module serves itself, and no frame around it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What Fastify takes in the place of a parameter unless it is told otherwise, in characters. */
const FASTIFY_PARAM_LENGTH = 100;
const LONG_PARAM =
  'Fastify finds no ids and names that are longer than its option `maxParamLength`. For all of them: ' +
  '`new FastifyAdapter({ routerOptions: { maxParamLength: 768 } })`.';

/** The page and its files. */
export class PageController {
  constructor(
    @Inject(DASHBOARD_OPTIONS) private readonly options: ResolvedDashboardOptions,
    @Inject(Answers) private readonly answers: Answers,
  ) {}

  @Get()
  page(@Req() request: unknown, @Res() response: unknown): void {
    const path = pathOfRequest(request);
    if (path.endsWith('/')) return this.send(response, 'index.html');
    // What the page asks for is relative to it: without the slash it would be looked for one level too high. Where a
    // proxy has the page elsewhere, it is nobody's path but the browser's that counts.
    this.answers.redirect(response, `${lastOf(path)}/`);
  }

  @Get(['index.html', 'app.js', 'app.css'])
  file(@Req() request: unknown, @Res() response: unknown): void {
    this.send(response, lastOf(pathOfRequest(request)));
  }

  /** Reached on Fastify alone: see `servePageBehindSlash`. */
  behindSlash(@Req() request: unknown, @Res() response: unknown): void {
    const path = pathOfRequest(request);
    if (path.endsWith(`${this.options.path}/`)) return this.send(response, 'index.html');
    const isLong = path.split('/').some((part) => part.length > FASTIFY_PARAM_LENGTH);
    throw new NotFoundException(isLong ? LONG_PARAM : undefined);
  }

  private send(response: unknown, name: string): void {
    const file = Object.hasOwn(PAGE_FILES, name) ? PAGE_FILES[name] : undefined;
    if (!file) throw new NotFoundException();
    this.answers.send(response, file.body, {
      'content-type': file.type,
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
  }
}

/**
 * To Fastify `/jobs` and `/jobs/` are two paths, and Nest cuts the slash off what it is given: a wildcard is the only
 * route to the latter. To Express they are one, and of a wildcard like this Nest would warn there.
 */
export function servePageBehindSlash(Own: Type): void {
  const handler = function (this: PageController, request: unknown, response: unknown): void {
    PageController.prototype.behindSlash.call(this, request, response);
  };
  Get('*')(Own.prototype as object, 'behindSlash', { value: handler });
  Object.defineProperty(Own.prototype, 'behindSlash', { value: handler, configurable: true });
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
