import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Accounts } from './accounts.js';

interface Request {
  headers: { authorization?: string };
  user?: { name: string };
}

/** Asks for a password the way that every browser knows. It needs HTTPS wherever others can listen. */
@Injectable()
export class SignedIn implements CanActivate {
  constructor(
    private readonly accounts: Accounts,
    private readonly host: HttpAdapterHost,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const [user, password] = credentials(request.headers.authorization);
    if (!this.accounts.knows(user, password)) {
      const { httpAdapter } = this.host;
      httpAdapter.setHeader(http.getResponse(), 'WWW-Authenticate', 'Basic realm="Jobs"');
      throw new UnauthorizedException();
    }
    // The dashboard shows who is signed in, and the audit names them.
    request.user = { name: user };
    return true;
  }
}

function credentials(header = ''): [user: string, password: string] {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(header) ?? [];
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
}
