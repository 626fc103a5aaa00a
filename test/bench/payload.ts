/** What every job carries: its number, when it was sent (or is due), and text up to the asked size. */
export interface Payload {
  readonly n: number;
  readonly at: number;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

const WORDS = 'Your order has left our house and is on its way; the carrier will write to you. ';

/** Makes payloads of about so many bytes of JSON. */
export function payloadMaker(bytes: number): (n: number, at?: number) => Payload {
  const make = (n: number, at: number, body: string): Payload => ({
    n,
    at,
    to: `customer-${n}@example.com`,
    subject: 'Your order has been sent',
    body,
  });
  const room = Math.max(0, bytes - JSON.stringify(make(10_000, 10_000, '')).length);
  const body = WORDS.repeat(Math.ceil(room / WORDS.length)).slice(0, room);
  return (n, at = 0) => make(n, at, body);
}
