import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import type { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import type { IServerAdapter } from '@bull-board/api/dist/types.js';
import { ExpressAdapter } from '@bull-board/express';

interface Answer {
  readonly status: number;
  readonly body: any;
}

/** A board as it is in an application, asked by its own routes; answers that break its own rules are errors. */
export class Board {
  private constructor(
    private readonly url: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async open(...queues: BaseAdapter[]): Promise<Board> {
    const serverAdapter = new ExpressAdapter();
    createBullBoard({
      queues,
      // Of another patch version of the board, whose types are its own.
      serverAdapter: serverAdapter as unknown as IServerAdapter,
      options: { validateResponses: true },
    });
    const server = createServer(serverAdapter.getRouter());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return new Board(`http://127.0.0.1:${port}`, stop);
  }

  get(path: string): Promise<Answer> {
    return this.ask('GET', path);
  }

  put(path: string, body: unknown = {}): Promise<Answer> {
    return this.ask('PUT', path, body);
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.ask('PATCH', path, body);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.ask('POST', path, body);
  }

  /** What it shows of a queue; with its jobs when that is asked for. */
  async queue(name: string, query = ''): Promise<any> {
    const { body } = await this.get(`queues?activeQueue=${encodeURIComponent(name)}&${query}`);
    return body.queues.find((queue: { name: string }) => queue.name === name);
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.url}/api/${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  }
}
