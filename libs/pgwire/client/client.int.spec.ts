import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  connect,
  PgClient,
  QueryFailed,
  ServerRefused,
  TlsRefused,
  Unreachable,
  AuthenticationUnsupported,
  encodeAuthenticationOk,
  encodeReadyForQuery,
  type ConnectOptions,
  ConnectionLost,
  MalformedMessage,
  PasswordMissing,
  ScramFailed,
  sendCancel,
  type TlsOptions,
} from '#pgwire';
import { startPostgres, type Postgres } from '../../../test/postgres/index.js';
import { makeAuthority, type Authority } from '../../../test/tls/authority.js';

/** Passwords that SASLprep changes, forbids, or leaves alone. */
const oddPasswords = [
  'plain',
  'größe',
  'ﬁne\u00a0print',
  'zero\u200bwidth',
  'soft\u00adhyphen',
  '🔑 emoji',
  'bell\u0007',
  '٣ ar',
  '\u0340x',
];
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const roles = `
  CREATE ROLE by_scram LOGIN PASSWORD 'right';
  SET password_encryption = 'md5';
  CREATE ROLE by_md5 LOGIN PASSWORD 'right';
  SET password_encryption = 'scram-sha-256';
  CREATE ROLE by_cleartext LOGIN PASSWORD 'right';
  CREATE ROLE by_trust LOGIN;
  ${oddPasswords.map((password, i) => `CREATE ROLE odd_${i} LOGIN PASSWORD ${quoted(password)};`).join('\n')}`;
const hba = `
  host    all by_scram     127.0.0.1/32 scram-sha-256
  host    all by_md5       127.0.0.1/32 md5
  host    all by_cleartext 127.0.0.1/32 password
  host    all by_trust     127.0.0.1/32 trust
  host    all all          127.0.0.1/32 scram-sha-256`;

describe('the client', () => {
  let authority: Authority;
  let encrypted: Postgres;
  let plain: Postgres;

  beforeAll(async () => {
    authority = await makeAuthority('a test');
    const { cert, key } = await authority.issue({ dns: ['db.example'], ip: ['127.0.0.1'] });
    [encrypted, plain] = await Promise.all([
      startPostgres({ hba, initSql: roles, flags: ['-c', 'ssl=on'], files: { 'server.crt': cert, 'server.key': key } }),
      startPostgres({ hba, initSql: roles }),
    ]);
  }, 30_000);
  afterAll(() => Promise.all([encrypted.stop(), plain.stop()]));

  const to = (server: Postgres, change: Partial<ConnectOptions> = {}): ConnectOptions => ({
    host: '127.0.0.1',
    port: server.port,
    tls: { mode: 'disable' },
    user: 'by_scram',
    password: 'right',
    database: 'postgres',
    connectTimeoutMs: 5_000,
    ...change,
  });

  async function ask(options: ConnectOptions, sql: string): Promise<unknown> {
    const client = await PgClient.connect(options);
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.close();
    }
  }

  describe('authenticates', () => {
    it.each(['by_scram', 'by_md5', 'by_cleartext', 'by_trust'])('as %s asks for it', async (user) => {
      await expect(ask(to(plain, { user }), 'SELECT current_user')).resolves.toEqual([[user]]);
    });

    it('to a server on TLS with channel binding', async () => {
      const tls: TlsOptions = { mode: 'verify-full', ca: authority.ca };
      await expect(ask(to(encrypted, { tls }), 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).resolves.toEqual([
        ['t'],
      ]);
    });

    it.each(oddPasswords.map((password, i) => [password, i] as const))('with the password %j', async (password, i) => {
      await expect(ask(to(plain, { user: `odd_${i}`, password }), 'SELECT 1')).resolves.toEqual([['1']]);
    });

    it.each(['by_scram', 'by_md5', 'by_cleartext'])('as %s never with a wrong password', async (user) => {
      await expect(connect(to(plain, { user, password: 'wrong' }))).rejects.toMatchObject({
        name: 'ServerRefused',
        fault: { severity: 'FATAL', code: '28P01' },
      });
    });

    it('only with a password where one is asked for', async () => {
      await expect(connect(to(plain, { password: undefined }))).rejects.toThrow(new PasswordMissing('by_scram'));
    });
  });

  it('gives the session as the server opened it, and its socket untouched', async () => {
    const session = await connect(to(plain, { parameters: { application_name: 'a test', TimeZone: 'Etc/UTC' } }));
    session.socket.destroy();
    expect(session).toMatchObject({ serverVersion: '18.4', status: 'I', notices: [], early: Buffer.alloc(0) });
    expect(session.backend.secret).toHaveLength(4);
    expect(session.parameters.get('application_name')).toBe('a test');
    expect(session.parameters.get('TimeZone')).toBe('Etc/UTC');
    expect(session.socket.listenerCount('data')).toBe(0);
  });

  it('says what the server refused', async () => {
    await expect(connect(to(plain, { database: 'nowhere' }))).rejects.toThrow(
      new ServerRefused({ severity: 'FATAL', code: '3D000', message: 'database "nowhere" does not exist' }),
    );
    await expect(connect(to(plain, { parameters: { work_mem: 'much' } }))).rejects.toMatchObject({ fault: { code: '22023' } });
  });

  describe('on TLS', () => {
    const over = (tls: TlsOptions, server = encrypted): Promise<unknown> =>
      ask(to(server, { tls }), 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');

    it('checks what its mode asks for', async () => {
      const other = await makeAuthority('another test');
      await expect(over({ mode: 'prefer' })).resolves.toEqual([['t']]);
      await expect(over({ mode: 'require' })).resolves.toEqual([['t']]);
      await expect(over({ mode: 'verify-ca', ca: authority.ca, servername: 'elsewhere.example' })).resolves.toEqual([['t']]);
      await expect(over({ mode: 'verify-full', ca: authority.ca })).resolves.toEqual([['t']]);
      await expect(over({ mode: 'verify-full', ca: authority.ca, servername: 'db.example' })).resolves.toEqual([['t']]);
      await expect(over({ mode: 'require', ca: other.ca })).rejects.toThrow(TlsRefused);
      await expect(over({ mode: 'verify-ca', ca: other.ca })).rejects.toThrow(TlsRefused);
      await expect(over({ mode: 'verify-full' })).rejects.toThrow(TlsRefused);
      await expect(over({ mode: 'verify-full', ca: authority.ca, servername: 'elsewhere.example' })).rejects.toThrow(TlsRefused);
    });

    it('takes plaintext from a server without TLS only where that is allowed', async () => {
      await expect(over({ mode: 'prefer' }, plain)).resolves.toEqual([['f']]);
      await expect(over({ mode: 'require' }, plain)).rejects.toThrow(`127.0.0.1:${plain.port}: the server does not speak TLS`);
    });
  });

  describe('asks', () => {
    let client: PgClient;
    beforeAll(async () => {
      client = await PgClient.connect(to(plain));
    });
    afterAll(() => client.close());

    it('without parameters', async () => {
      const { rows, columns, tag } = await client.query(`SELECT 1 AS "one", NULL, 'größe'`);
      expect({ rows, tag }).toEqual({ rows: [['1', null, 'größe']], tag: 'SELECT 1' });
      expect(columns.map(({ name, type }) => [name, type])).toEqual([
        ['one', 23],
        ['?column?', 25],
        ['?column?', 25],
      ]);
    });

    it('with parameters', async () => {
      await expect(client.query('SELECT $1::int + 1, $2::text', ['41', null])).resolves.toMatchObject({ rows: [['42', null]] });
    });

    it('several statements for the result of the last', async () => {
      await expect(client.query('SELECT 1; SET TimeZone TO Japan')).resolves.toEqual({ rows: [], columns: [], tag: 'SET' });
      expect(client.parameters.get('TimeZone')).toBe('Japan');
      await expect(client.query('')).resolves.toEqual({ rows: [], columns: [], tag: '' });
    });

    it('one statement at a time, and goes on after a failure', async () => {
      const answers = await Promise.allSettled(
        ['SELECT 1', 'SELECT 1/0', 'SELECT $1::int'].map((sql) => client.query(sql, sql.includes('$') ? ['3'] : undefined)),
      );
      expect(answers).toMatchObject([
        { value: { rows: [['1']] } },
        { reason: { name: 'QueryFailed', fault: { code: '22012' } } },
        { value: { rows: [['3']] } },
      ]);
    });

    it('for no COPY', async () => {
      await expect(client.query('COPY (SELECT 1) TO STDOUT')).rejects.toThrow(QueryFailed);
      await client.query('CREATE TEMP TABLE t (n int)');
      await expect(client.query('COPY t FROM STDIN')).rejects.toMatchObject({ fault: { code: '57014' } });
      await expect(client.query('SELECT 1')).resolves.toMatchObject({ rows: [['1']] });
    });

    it('to cancel what it asked', async () => {
      const sleeping = client.query('SELECT pg_sleep(60)');
      // The request may overtake the statement that it is to cancel: it is sent until it has not.
      const seen: { outcome?: unknown } = {};
      const ended = sleeping.catch((error: unknown) => (seen.outcome = error));
      while (seen.outcome === undefined) await client.cancel();
      await ended;
      expect(seen.outcome).toMatchObject({ name: 'QueryFailed', fault: { code: '57014' } });
    });
  });

  it('sends a cancel request over TLS, and to a server that is there', async () => {
    const client = await PgClient.connect(to(encrypted));
    const tls: TlsOptions = { mode: 'verify-full', ca: authority.ca };
    await expect(sendCancel({ ...to(encrypted, { tls }), ...client.backend })).resolves.toBeUndefined();
    await client.close();
    await expect(sendCancel({ ...to(encrypted, { port: await deadPort() }), ...client.backend })).rejects.toThrow(Unreachable);
  });

  it('says that its connection is lost', async () => {
    const [client, admin] = await Promise.all([PgClient.connect(to(plain)), PgClient.connect(superuser(plain))]);
    const sleeping = client.query('SELECT pg_sleep(60)');
    await Promise.all([
      expect(sleeping).rejects.toThrow(ConnectionLost),
      admin.query('SELECT pg_terminate_backend($1::int)', [String(client.backend.pid)]),
    ]);
    await expect(client.query('SELECT 1')).rejects.toThrow(ConnectionLost);
    await client.close();
    await admin.close();
  });

  const superuser = (server: Postgres): ConnectOptions =>
    to(server, { user: 'postgres', password: new URL(server.superuserUrl).password });
});

describe('the client, of a server that is none', () => {
  const options = (port: number, change: Partial<ConnectOptions> = {}): ConnectOptions => ({
    host: '127.0.0.1',
    port,
    tls: { mode: 'disable' },
    user: 'someone',
    password: 'secret',
    database: 'postgres',
    connectTimeoutMs: 5_000,
    ...change,
  });

  it('says that nothing listens', async () => {
    const port = await deadPort();
    await expect(connect(options(port))).rejects.toThrow(
      `127.0.0.1:${port}, opening a TCP connection: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('says that it does not answer', async () => {
    await withServer(
      () => undefined,
      async (port) => {
        await expect(connect(options(port, { connectTimeoutMs: 50 }))).rejects.toThrow(
          `127.0.0.1:${port}, starting a session: no answer within 50 ms`,
        );
        await expect(connect(options(port, { connectTimeoutMs: 50, tls: { mode: 'require' } }))).rejects.toThrow(Unreachable);
      },
    );
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    await withServer(
      () => {
        stop.abort(new Error('never mind'));
      },
      async (port) => {
        await expect(connect(options(port, { signal: stop.signal }))).rejects.toThrow('never mind');
      },
    );
  });

  it('says that the connection was closed', async () => {
    await withServer(
      (socket) => socket.end(),
      async (port) => {
        await expect(connect(options(port))).rejects.toThrow('starting a session: the server closed the connection');
        await expect(connect(options(port, { tls: { mode: 'prefer' } }))).rejects.toThrow(
          'negotiating TLS: the server closed the connection',
        );
      },
    );
  });

  it.each<[string, TlsOptions['mode'], Buffer, new (...args: never[]) => Error]>([
    ['bytes that were slipped in before TLS', 'require', Buffer.from('Sgotcha'), Unreachable],
    ['an error in place of TLS', 'prefer', Buffer.from('Esorry\0'), Unreachable],
    ['an AuthenticationOk in the middle of SCRAM', 'disable', scramCutShort(), ScramFailed],
    [
      'a way to authenticate that we do not have',
      'disable',
      Buffer.from('R\0\0\0\x08\0\0\0\x07', 'latin1'),
      AuthenticationUnsupported,
    ],
    ['a ReadyForQuery before AuthenticationOk', 'disable', encodeReadyForQuery('I'), MalformedMessage],
    ['no BackendKeyData', 'disable', Buffer.concat([encodeAuthenticationOk(), encodeReadyForQuery('I')]), MalformedMessage],
    ['rows', 'disable', Buffer.concat([encodeAuthenticationOk(), Buffer.from('D\0\0\0\x06\0\0', 'latin1')]), MalformedMessage],
  ])('refuses %s', async (_, mode, answer, error) => {
    await withServer(
      (socket) => socket.write(answer),
      async (port) => {
        await expect(connect(options(port, { tls: { mode } }))).rejects.toThrow(error);
      },
    );
  });
});

/** AuthenticationSASL, and AuthenticationOk without more. */
function scramCutShort(): Buffer {
  return Buffer.concat([Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', 'latin1'), encodeAuthenticationOk()]);
}

/** Runs `use` against a server that answers the first bytes of each connection with `answer`. */
async function withServer(answer: (socket: Socket) => unknown, use: (port: number) => Promise<void>): Promise<void> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.once('data', () => answer(socket));
  });
  try {
    await use(await listen(server));
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
