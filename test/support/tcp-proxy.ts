import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What of a connection vanishes on the way, while both ends take it to be alive. */
export type Swallowed = 'answers' | 'commands' | 'everything';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  swallowed: Swallowed | undefined;
}

/**
 * Stands between a client and Redis and misbehaves on command: cuts a connection before an answer
 * gets through, swallows answers or commands while the connection looks alive, or delays answers.
 */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private isDark = false;
  private answersLeft = Infinity;
  private fatalWord: string | null = null;
  private delayMs = 0;
  /** How many connections there have been. */
  joined = 0;
  /** How many times clients have sent something. */
  commands = 0;

  private constructor(
    private readonly server: Server,
    /** The port of the server behind it. */
    private target: number,
  ) {}

  static async to(port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, port);
    server.on('connection', (client) => proxy.join(client, connect(proxy.target, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections there are. */
  get open(): number {
    return this.links.size;
  }

  /** Lets so many more answers through, then cuts the connection instead of passing the next one on. */
  cutAfter(answers: number): void {
    this.answersLeft = answers;
  }

  /** Lets the next command that contains the word reach Redis, and cuts the connection instead of passing the answer on. */
  cutOn(word: string): void {
    this.fatalWord = word;
  }

  /** Lets every answer wait. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** Cuts all connections; those made from now on lead to another server. */
  redirect(port: number): void {
    this.target = port;
    this.cut();
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const { client, server } of this.links) {
      client.destroy();
      server.destroy();
    }
  }

  /** Nobody counts these connections any more, and they never recover. Connections made later are well again. */
  swallow(what: Swallowed = 'answers'): void {
    for (const link of this.links) link.swallowed = what;
    this.links.clear();
  }

  /** Swallows everything, also of connections made later, which are accepted all the same. */
  darken(): void {
    this.isDark = true;
    this.swallow('everything');
  }

  /** Connections made from now on are well. */
  lighten(): void {
    this.isDark = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, server: Socket): void {
    const link: Link = { client, server, swallowed: this.isDark ? 'everything' : undefined };
    if (!this.isDark) this.links.add(link);
    this.joined += 1;
    const end = (): void => {
      this.links.delete(link);
      client.destroy();
      server.destroy();
    };
    // Each answer that waits listens for the end.
    client.setMaxListeners(0);
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    client.on('data', (bytes) => {
      if (link.swallowed === 'commands' || link.swallowed === 'everything') return;
      this.commands += 1;
      if (this.fatalWord !== null && bytes.includes(this.fatalWord)) {
        this.fatalWord = null;
        this.answersLeft = 0;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (link.swallowed === 'answers' || link.swallowed === 'everything') return;
      if (this.answersLeft === 0) {
        this.answersLeft = Infinity;
        end();
        return;
      }
      this.answersLeft -= 1;
      if (this.delayMs === 0) client.write(bytes);
      else {
        const late = setTimeout(() => client.write(bytes), this.delayMs);
        client.once('close', () => clearTimeout(late));
      }
    });
  }
}
