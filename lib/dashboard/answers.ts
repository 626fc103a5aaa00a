import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/**
 * Answers requests by the adapter of the application, Express or Fastify. The answers go past its interceptors: many
 * applications wrap what their controllers return, and the page would not know it again.
 */
@Injectable()
export class Answers {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  /** JSON that nobody keeps. */
  json(response: unknown, body: object, statusCode = 200): void {
    const headers = {
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    };
    this.send(response, JSON.stringify(body), headers, statusCode);
  }

  send(
    response: unknown,
    body: string,
    headers: Readonly<Record<string, string>>,
    statusCode = 200,
  ): void {
    const { httpAdapter } = this.host;
    for (const [name, value] of Object.entries(headers)) this.setHeader(response, name, value);
    this.setHeader(response, 'x-content-type-options', 'nosniff');
    httpAdapter.reply(response, body, statusCode);
  }

  redirect(response: unknown, location: string): void {
    this.send(response, '', { location, 'cache-control': 'no-store' }, 302);
  }

  setHeader(response: unknown, name: string, value: string): void {
    this.host.httpAdapter.setHeader(response, name, value);
  }
}

/** The path that was asked for, as it came, without the query. */
export function pathOfRequest(request: unknown): string {
  const { originalUrl, url } = request as { readonly originalUrl?: string; readonly url: string };
  return (originalUrl ?? url).replace(/[?#].*$/s, '');
}
