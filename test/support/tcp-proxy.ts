import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between a client and Redis and misbehaves on command: cuts a connection before an answer
 * gets through, swallows answers while the connection looks alive, or delays them.
 */
export class TcpProxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private answersLeft = Infinity;
  private fatalWord: string | null = null;
  private delayMs = 0;
  /** How many connections there have been. */
  joined = 0;
  /** How many times clients have sent something. */
  commands = 0;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on('connection', (client) => proxy.join(client, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many connections there are. */
  get open(): number {
    return this.pairs.size;
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

  /** Cuts all connections now. */
  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  /** Answers vanish; commands still reach Redis. Connections made later are well again. */
  swallow(): void {
    for (const [client, server] of this.pairs) {
      server.removeAllListeners('data');
      server.resume();
      client.on('close', () => server.destroy());
    }
    this.pairs.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, server: Socket): void {
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    this.joined += 1;
    const end = (): void => {
      this.pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    // Each answer that waits listens for the end.
    client.setMaxListeners(0);
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.on('data', (bytes) => {
      this.commands += 1;
      if (this.fatalWord !== null && bytes.includes(this.fatalWord)) {
        this.fatalWord = null;
        this.answersLeft = 0;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
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
