import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../../test/postgres/index.js';
import { freePort } from '../../../test/ports.js';
import { readRecord } from '../../../test/e2e/world.js';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const passwords = { login: 'canary-of-the-login', catalog: 'canary-of-the-catalog' };

describe('init', () => {
  let postgres: Postgres;
  let folder: string;
  beforeAll(async () => {
    postgres = await startPostgres({
      initSql: `CREATE ROLE app LOGIN PASSWORD '${passwords.login}'; CREATE ROLE reader LOGIN PASSWORD '${passwords.catalog}';`,
    });
    const owner = new pg.Client(postgres.superuserUrl);
    await owner.connect();
    await owner.query('CREATE DATABASE shop OWNER app');
    await owner.end();
  }, 60_000);
  afterAll(() => postgres.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'init-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const start = (args: readonly string[], env: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, [main, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  async function cli(
    args: readonly string[],
    env?: Record<string, string>,
  ): Promise<{ code: unknown; out: string; err: string }> {
    const child = start(args, env);
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as unknown[];
    return { code, out, err };
  }
  const known = (): string[] => ['--port', String(postgres.port), '--database', 'shop', '--login', 'app'];
  const env = { SALLYPORT_LOGIN_PASSWORD: passwords.login, SALLYPORT_CATALOG_PASSWORD: passwords.catalog };

  it('leads from a Postgres of the reader to a session through the proxy: init, token, up, connect', async () => {
    const ports = await Promise.all(
      ['proxy', 'api', 'clickhouse'].map(async (service) => [`--${service}-port`, String(await freePort())]),
    );
    const written = await cli(['init', '--yes', '--json', ...known(), '--catalog-login', 'reader', ...ports.flat()], env);
    expect(written).toMatchObject({ code: 0, err: expect.stringContaining('the catalog of shop can be read') as unknown });
    const { ca, proxy, api } = JSON.parse(written.out) as { ca: string; proxy: number; api: number };
    const made = await cli(['token', 'create', '--name', 'my-agent', '--groups', 'agents']);
    expect(made.out).toMatch(/^spt_[0-9a-f_]+\n$/);

    const up = start(['up', '--config', 'sallyport.yml']);
    const ended = once(up, 'exit');
    const told: string[] = [];
    let answered: unknown;
    let loggedIn: unknown;
    for await (const line of createInterface({ input: up.stdout as NodeJS.ReadableStream })) {
      told.push(line);
      if (!line.includes('is running')) continue;
      const ssl = { ca: readFileSync(ca) };
      const client = new pg.Client({
        host: '127.0.0.1',
        port: proxy,
        user: 'my-agent',
        password: made.out.trim(),
        database: 'shop',
        ssl,
      });
      await client.connect();
      answered = (await client.query('SELECT current_user AS login, 1 + 1 AS two')).rows;
      await client.end();
      const code = readFileSync(join(folder, '.sallyport', 'secrets', 'console.code'), 'utf8').trim();
      loggedIn = await fetch(`http://127.0.0.1:${api}/api/v1/login/code`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code }),
      }).then(({ status }) => status);
      up.kill('SIGTERM');
    }
    expect({ ended: await ended, told, answered, loggedIn }).toMatchObject({
      ...{ ended: [0, null], answered: [{ login: 'app', two: 2 }], loggedIn: 200 },
    });
    const { events } = await readRecord(join(folder, '.sallyport', 'data'));
    expect(events.flatMap(({ type, data }) => (type === 'session.authenticated' ? data.principal.subject : []))).toEqual([
      'my-agent',
    ]);
  }, 90_000);

  it('keeps secrets to their own files, which nobody else may read, and shows none', async () => {
    const { code, out, err } = await cli(['init', '--yes', ...known(), '--catalog-login', 'reader'], env);
    expect(code).toBe(0);
    const secrets = join(folder, '.sallyport', 'secrets');
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    expect(readdirSync(secrets).sort()).toEqual([
      'ca.pem',
      'catalog.password',
      'clickhouse.password',
      'console.code',
      'login.password',
      'server.key',
      'server.pem',
    ]);
    expect(readdirSync(secrets).map((name) => statSync(join(secrets, name)).mode & 0o777)).toEqual(Array(7).fill(0o600));
    const shown = [out, err, ...['sallyport.yml', 'policy.yml'].map((name) => readFileSync(join(folder, name), 'utf8'))].join(
      '\n',
    );
    const consoleCode = readFileSync(join(secrets, 'console.code'), 'utf8').trim();
    expect([...Object.values(passwords), consoleCode].filter((secret) => shown.includes(secret))).toEqual([]);
  }, 30_000);

  it('tells every answer that does not hold, and writes nothing', async () => {
    const taken = createServer((_, answer) => answer.writeHead(404).end()).listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, out, err } = await cli(
      [
        'init',
        '--yes',
        ...known(),
        ...['--catalog-login', 'reader', '--issuer', `http://127.0.0.1:${port}`, '--proxy-port', String(port)],
      ],
      { ...env, SALLYPORT_CATALOG_PASSWORD: 'canary-that-is-wrong' },
    );
    taken.close();
    taken.closeAllConnections();
    expect({ code, out, files: readdirSync(folder) }).toEqual({ code: 1, out: '', files: [] });
    expect(err.split('\n').filter((line) => line.startsWith('  '))).toEqual([
      expect.stringMatching(/^ {2}✓ Postgres 18\.\d+, database shop, unencrypted$/),
      expect.stringMatching(/^ {2}✓ a certificate is made for localhost, 127\.0\.0\.1$/),
      expect.stringMatching(/^ {2}✗ the server says: password authentication failed for user "reader"\. Check the name/),
      expect.stringMatching(/^ {2}✗ http:.*openid-configuration answers 404\. Is this the issuer/),
      expect.stringMatching(
        /^ {2}✗ proxy: 127\.0\.0\.1:\d+ cannot be listened on \(EADDRINUSE\)\. Name another: --proxy-port\.$/,
      ),
    ]);
    expect(err).not.toContain('canary');
  }, 30_000);

  it.each([
    [['--database', 'nowhere'], 'the server says: database "nowhere" does not exist. Name a database that is there.'],
    [
      ['--login', 'nobody'],
      'the server says: password authentication failed for user "nobody". Check the name and the password of nobody.',
    ],
    [['--target-tls', 'require'], 'the server does not speak TLS (TLS mode require)'],
    [['--port', '1'], 'Is Postgres there, and may this machine reach 127.0.0.1:1?'],
  ])('says what the server makes of %j', async (args, said) => {
    expect(await cli(['init', '--yes', ...known(), ...args], env)).toMatchObject({
      code: 1,
      err: expect.stringContaining(said) as unknown,
    });
  });

  it('says what has to be given where nobody can be asked', async () => {
    const { code, err } = await cli(['init']);
    expect(code).toBe(1);
    for (const option of ['--database', '--login', 'SALLYPORT_LOGIN_PASSWORD or --login-password-file'])
      expect(err).toContain(`✗ ${option} has to be given`);
  });

  it('touches nothing that is there already', async () => {
    writeFileSync(join(folder, 'policy.yml'), 'mine');
    const { code, err } = await cli(['init', '--yes', ...known()], env);
    expect({ code, files: readdirSync(folder) }).toEqual({ code: 1, files: ['policy.yml'] });
    expect(err).toContain('there is already');
  });

  it('takes an issuer that says of itself who it is', async () => {
    const issuer = createServer((_, answer) => {
      const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
      answer.setHeader('content-type', 'application/json').end(JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` }));
    }).listen(0, '127.0.0.1');
    await once(issuer, 'listening');
    const url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    const { code, err } = await cli(['init', '--yes', ...known(), '--issuer', url, '--audience', 'shop'], env);
    issuer.close();
    issuer.closeAllConnections();
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining(`its keys are at ${url}/jwks`) as unknown });
    expect(await cli(['token', 'list'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('has no section `tokens`') as unknown,
    });
  });
});
