import {
  ForbiddenException,
  Inject,
  Injectable,
  UnsupportedMediaTypeException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { ResolvedDashboardOptions } from '../dashboard-options.js';
import { DASHBOARD_OPTIONS } from '../tokens.js';
import { isOfOwnOrigin } from './same-origin.js';
import { provesItself, TOKEN_HEADER, type CookieRequest } from './session-token.js';

/** Requests that may look, and what they ask for: whatever refuses their changes is told to the audit. */
const letIn = new WeakMap<object, string>();

/** The method of the controller that a request is for, once its guards have agreed that it may look. */
export const methodAskedFor = (request: object): string | undefined => letIn.get(request);

/**
 * Refuses changes that the page did not ask for. It is asked behind `guards` and before `changeGuards`, and asks nobody
 * itself.
 */
@Injectable()
export class ChangeLock implements CanActivate {
  constructor(@Inject(DASHBOARD_OPTIONS) private readonly options: ResolvedDashboardOptions) {}

  /** @throws ForbiddenException, UnsupportedMediaTypeException: which says what is missing */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<CookieRequest & object>();
    letIn.set(request, context.getHandler().name);
    if (this.options.readOnly) {
      throw new ForbiddenException('This dashboard is read-only: it changes nothing.');
    }
    if (!isOfOwnOrigin(request.headers)) {
      throw new ForbiddenException('Changes are taken from the page of this dashboard alone.');
    }
    if (!isJson(request.headers['content-type'])) {
      throw new UnsupportedMediaTypeException('Send JSON, as application/json.');
    }
    if (!provesItself(request)) {
      throw new ForbiddenException(
        `Send the token of api/session in the header ${TOKEN_HEADER}, with the cookie that came with it.`,
      );
    }
    return true;
  }
}

const isJson = (type: unknown): boolean =>
  typeof type === 'string' && /^application\/json\s*(?:;|$)/i.test(type);
