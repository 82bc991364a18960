import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import pg from 'pg';
import { decodeFault, encodeStartup, Framer, PgClient, request, toFault, type ConnectOptions, type TlsOptions } from '#pgwire';
import { startPostgres, type Postgres } from '../postgres/index.js';
import { makeAuthority, type Authority } from '../tls/authority.js';
import { startTap, type Tap } from './index.js';

const hba = `
  host all by_trust 127.0.0.1/32 trust
  host all by_md5   127.0.0.1/32 md5`;
const initSql = `
  CREATE ROLE by_trust LOGIN;
  SET password_encryption = 'md5';
  CREATE ROLE by_md5 LOGIN PASSWORD 'right';`;

describe('the tap', () => {
  let authority: Authority;
  let server: Postgres;
  let tap: Tap;

  beforeAll(async () => {
    authority = await makeAuthority('a test');
    const { cert, key } = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
    const files = { 'server.crt': cert, 'server.key': key };
    server = await startPostgres({ hba, initSql, files, flags: ['-c', 'ssl=on'] });
  }, 30_000);
  afterAll(() => server.stop());

  beforeEach(async () => {
    const { cert, key } = await authority.issue({ dns: ['localhost'], ip: ['127.0.0.1'] });
    tap = await startTap({ upstream: { host: '127.0.0.1', port: server.port }, tls: { ca: authority.ca, cert, key } });
  });
  afterEach(() => tap.close());

  const through = (change: Partial<ConnectOptions> = {}): ConnectOptions => ({
    host: '127.0.0.1',
    port: tap.port,
    tls: { mode: 'disable' },
    user: 'by_trust',
    password: 'right',
    database: 'postgres',
    connectTimeoutMs: 5_000,
    ...change,
  });
  // Channel binding sees that the tap is in between, as it should.
  const password = (): string => new URL(server.superuserUrl).password;
  const verified = (): TlsOptions => ({ mode: 'verify-full', ca: authority.ca });

  it.each(['by_trust', 'by_md5', 'postgres'])('keeps both streams from the end of authentication on, of %s', async (user) => {
    const client = await PgClient.connect(through({ user, password: user === 'postgres' ? password() : 'right' }));
    const { rows } = await client.query('SELECT inet_client_port()');
    await client.close();
    await tap.settled();
    expect(tap.sessions()).toEqual([
      {
        client: Buffer.concat([request.query('SELECT inet_client_port()'), request.terminate()]),
        server: expect.any(Buffer) as Buffer,
        port: Number(rows[0]?.[0]),
        parameters: new Map([
          ['user', user],
          ['database', 'postgres'],
        ]),
        backendPid: client.backend.pid,
        closed: true,
      },
    ]);
    expect(types(tap.sessions()[0]?.server)).toBe('TDCZ');
  });

  it('keeps what was said on TLS as plaintext', async () => {
    const client = await PgClient.connect(through({ tls: verified() }));
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    expect(rows).toEqual([['t']]);
    await client.close();
    await tap.settled();
    expect(types(tap.sessions()[0]?.server)).toBe('TDCZ');
  });

  it('lets node-postgres through, large answers included', async () => {
    const client = new pg.Client({
      connectionString: `postgres://by_md5:right@localhost:${tap.port}/postgres`,
      ssl: { ca: authority.ca },
    });
    await client.connect();
    const { rows } = await client.query<{ text: string }>('SELECT repeat($1, 1000) AS text FROM generate_series(1, 5000)', ['x']);
    expect(rows).toHaveLength(5_000);
    await client.end();
    await tap.settled();
    expect(tap.sessions()[0]?.server.length).toBeGreaterThan(5_000_000);
  });

  it('takes TLS without asking for it', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: tap.port, ca: authority.ca, ALPNProtocols: ['postgresql'] });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    await say(socket, [encodeStartup(0, Object.entries({ user: 'by_trust', database: 'postgres' })), request.terminate()]);
    await tap.settled();
    expect(tap.sessions()[0]).toMatchObject({ client: request.terminate(), closed: true });
  });

  it('begins the client’s stream where authentication ends, even when more came with it', async () => {
    const socket = connectTcp({ host: '127.0.0.1', port: tap.port });
    const startup = encodeStartup(0, Object.entries({ user: 'by_trust', database: 'postgres' }));
    await say(socket, [Buffer.concat([startup, request.query('SELECT 1'), request.terminate()])]);
    await tap.settled();
    const [session] = tap.sessions();
    expect(session?.client).toEqual(Buffer.concat([request.query('SELECT 1'), request.terminate()]));
    expect(types(session?.server)).toBe('TDCZ');
  });

  it('passes cancel requests on, and counts them as no session', async () => {
    const client = await PgClient.connect(through({ tls: verified() }));
    const seen: { outcome?: unknown } = {};
    const ended = client.query('SELECT pg_sleep(60)').catch((error: unknown) => (seen.outcome = error));
    while (seen.outcome === undefined) await client.cancel();
    await ended;
    expect(seen.outcome).toMatchObject({ fault: { code: '57014' } });
    await client.close();
    expect(tap.sessions()).toHaveLength(1);
  });

  it('passes on what is no start-up packet, unrecorded', async () => {
    const answer = await say(connectTcp({ host: '127.0.0.1', port: tap.port }), [
      Buffer.from('\0\0\0\x0f\0\x03\0\0user\0x\0', 'latin1'),
    ]);
    expect(toFault(decodeFault(answer))).toMatchObject({ severity: 'FATAL', code: '08P01' });
    expect(tap.sessions()).toEqual([]);
  });

  it('records a session that is refused as one that never was ready', async () => {
    await expect(PgClient.connect(through({ database: 'nowhere' }))).rejects.toMatchObject({ fault: { code: '3D000' } });
    await tap.settled();
    expect(tap.sessions()).toMatchObject([
      { client: Buffer.alloc(0), server: Buffer.alloc(0), backendPid: undefined, closed: true },
    ]);
  });

  it('closes both sides when one of them breaks', async () => {
    const [client, admin] = await Promise.all([
      PgClient.connect(through()),
      PgClient.connect(through({ user: 'postgres', password: password() })),
    ]);
    client.destroy();
    const gone = async (): Promise<boolean> => {
      const { rows } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1::int', [String(client.backend.pid)]);
      return rows.length === 0;
    };
    while (!(await gone()));
    await admin.close();
    await tap.settled();
    expect(tap.sessions().map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('closes a client whose proxy is not there', async () => {
    await server.stop();
    await expect(PgClient.connect(through())).rejects.toThrow('the server closed the connection');
    expect(tap.sessions()).toEqual([]);
  });
});

/** The types of a stream's messages. */
function types(stream: Buffer = Buffer.alloc(0)): string {
  let found = '';
  new Framer({ direction: 'backend', maxFrame: 1_000_000, whole: () => true }).push(stream, ({ type }) => (found += type));
  return found;
}

/** Says this, and gives all that is answered until the other side closes. */
function say(socket: Socket, said: readonly Buffer[]): Promise<Buffer> {
  const heard: Buffer[] = [];
  for (const bytes of said) socket.write(bytes);
  return new Promise((resolve, reject) => {
    socket
      .on('data', (chunk: Buffer) => heard.push(chunk))
      .on('error', reject)
      .on('close', () => {
        resolve(Buffer.concat(heard));
      });
  });
}
