import type { ServerResponse } from 'node:http';
import type { LiveEvents } from '../api/index.js';

/** A viewer that lets more wait to be sent is cut off, and may come again, in bytes. */
const MOST_WAITING = 4 * 1024 * 1024;
/** How soon the browser comes again after a stream has ended, in ms. */
const RETRY_MS = 1_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Compressing would hold events back until there are enough of them.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/** An answer of Express is Node's own, and one of Fastify has it inside, and is to be left alone from then on. */
interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): void;
}

/** Server-sent events to one viewer. Past the interceptors of the application, as all answers: see `Answers`. */
export class EventStream {
  private readonly raw: ServerResponse;

  /** Answers the request by a stream. */
  constructor(response: unknown) {
    const reply = response as FastifyReply | (ServerResponse & { readonly raw?: undefined });
    if (reply.raw) reply.hijack();
    this.raw = reply.raw ?? reply;
    // A viewer that is gone shows by its close: what is written to it meanwhile is nobody's mistake.
    this.raw.on('error', () => this.raw.destroy());
    this.raw.writeHead(200, HEADERS);
    this.raw.write(`retry: ${RETRY_MS}\n\n`);
    // It has all that it will ever get: its headers.
    if (this.raw.req.method === 'HEAD') this.raw.end();
  }

  send<Event extends keyof LiveEvents>(event: Event, data: LiveEvents[Event]): void {
    this.sendText(eventText(event, data));
  }

  /** @param text - of `eventText`: many viewers get the same */
  sendText(text: string): void {
    if (this.raw.writableEnded || this.raw.destroyed) return;
    // Before it, so that one long event does not cut off who takes all.
    if (this.raw.writableLength > MOST_WAITING) this.raw.destroy();
    else this.raw.write(text);
  }

  end(): void {
    this.raw.end();
  }

  /** However it ends, also if it has ended before. */
  onClose(listener: () => void): void {
    if (this.raw.destroyed) listener();
    else this.raw.once('close', listener);
  }
}

/** JSON has no line breaks of its own. */
export const eventText = <Event extends keyof LiveEvents>(
  event: Event,
  data: LiveEvents[Event],
): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
