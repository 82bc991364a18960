import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { ServiceProcess } from '../../../test/e2e/service-process.js';
import { approveDevice, type DemoIssuer, startDemoIssuer } from '../../../test/openid/index.js';
import { freePort } from '../../../test/ports.js';
import { run } from '../run.js';
import { capture, type Captured } from '../testing/captured.js';

let folder: string;
let issuer: DemoIssuer;
let api: ServiceProcess;
let url: string;
const noLog = (): Promise<never> => Promise.reject(new Error('it opened the log'));
const file = (): string => join(folder, 'config', 'sallyport', 'logins.json');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-login-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  issuer = await startDemoIssuer(url);
  writeFileSync(join(folder, 'unused'), 'unused');
  const config = {
    dataDir: join(folder, 'data'),
    issuers: [{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'], claims: { kind: 'kind' } }],
    clickhouse: { port: await freePort(), password: { file: 'unused' } },
    api: {
      port,
      roles: { approver: ['approvers'], viewer: ['viewers'] },
      login: { device: { issuer: issuer.url, clientId: 'sallyport-cli' } },
    },
  };
  writeFileSync(join(folder, 'sallyport.yml'), JSON.stringify(config));
  api = await new ServiceProcess('api', join(folder, 'sallyport.yml')).start();
}, 30_000);
afterAll(async () => {
  await api.end('SIGTERM');
  await issuer.stop();
  rmSync(folder, { recursive: true });
});

const env = (): Record<string, string> => ({ XDG_CONFIG_HOME: join(folder, 'config'), SALLYPORT_API: url });
const sallyport = (...args: readonly string[]): Promise<Captured> => capture(args, { env: env(), cwd: folder }, noLog);

/** Runs `sallyport login --json`, and has somebody confirm its code. @returns what it said */
async function logIn(person: string): Promise<{ code: number; lines: Record<string, unknown>[]; page: string }> {
  const stdout = new PassThrough();
  const io = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: env(), cwd: folder };
  const ended = run(['login', '--json'], io, noLog).finally(() => stdout.end());
  const lines: Record<string, unknown>[] = [];
  let page = '';
  for await (const line of createInterface({ input: stdout })) {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    if (lines.length === 1) page = await approveDevice(String(lines[0]?.['verificationUriComplete']), person);
  }
  return { code: await ended, lines, page };
}

it('logs in by a code that is typed in a browser, and every command is them from then on', async () => {
  const { code, lines, page } = await logIn('anna');
  expect(page).toContain('Success');
  expect([code, lines]).toMatchObject([
    0,
    [
      { verificationUri: `${issuer.url}/device`, userCode: expect.stringMatching(/^[A-Z-]{8,}$/) as string },
      { api: url, issuer: issuer.url, subject: 'anna', roles: ['approver'] },
    ],
  ]);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
  expect(JSON.stringify(lines)).not.toContain((JSON.parse(readFileSync(file(), 'utf8')) as Kept).logins[url]?.token ?? '-');
  expect(await sallyport('approvals', '--json')).toEqual({ code: 0, out: '', err: '' });
}, 30_000);

it('logs out: the token is forgotten', async () => {
  await logIn('vic');
  expect(await sallyport('logout')).toEqual({ code: 0, out: `Logged out of ${url}.\n`, err: '' });
  expect((JSON.parse(readFileSync(file(), 'utf8')) as Kept).logins).toEqual({});
  expect(await sallyport('sessions')).toMatchObject({ code: 2, err: expect.stringContaining('Run sallyport login') as string });
  expect(await sallyport('logout')).toMatchObject({ code: 0, out: `Nobody was logged in to ${url}.\n` });
}, 30_000);

it('says that a login has expired, and what to do', async () => {
  const login = { token: 'x', issuer: 'https://id.example', subject: 'anna', expires: 0 };
  writeFileSync(file(), JSON.stringify({ v: 1, logins: { [url]: login } }), { mode: 0o600 });
  const { code, err } = await sallyport('sessions');
  expect([code, err]).toEqual([
    1,
    `error: The login has expired: that of anna at ${url} was good until 1970-01-01T00:00:00.000Z.\nRun sallyport login, or sallyport logout.\n`,
  ]);
});

it('takes no token from a file that others can read', async () => {
  rmSync(file());
  writeFileSync(file(), JSON.stringify({ v: 1, logins: {} }), { mode: 0o644 });
  expect(await sallyport('sessions')).toMatchObject({ code: 1, err: expect.stringContaining('chmod 600') as string });
  rmSync(file());
});

it('keeps a token that it is given, once the api has taken it', async () => {
  const given = async (token: string): Promise<Captured> => {
    const stdin = new PassThrough();
    stdin.end(`${token}\n`);
    return capture(['login', '--with-token'], { stdin, env: env(), cwd: folder }, noLog);
  };
  expect(await given('nonsense')).toMatchObject({ code: 1, out: '' });
  const { code, out } = await given(await issuer.token('billing-bot'));
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/^Logged in to \S+ as billing-bot with no role on the platform, until 20\S+Z\.\n$/),
  ]);
});

it('hashes the password of the local admin, if it is long enough', async () => {
  const hashed = async (password: string): Promise<Captured> => {
    const stdin = new PassThrough();
    stdin.end(`${password}\n`);
    return capture(['break-glass', 'hash'], { stdin, env: {}, cwd: folder }, noLog);
  };
  expect(await hashed('too short')).toMatchObject({ code: 2, out: '' });
  expect((await hashed('correct horse battery staple')).out).toMatch(/^scrypt:17:8:1:[\w-]{22}:[\w-]{43}\n$/);
});

interface Kept {
  readonly logins: Readonly<Record<string, { readonly token: string }>>;
}
