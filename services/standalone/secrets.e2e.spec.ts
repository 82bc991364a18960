import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { readRecord } from '../../test/record.js';
import { unaccounted } from '../../test/tap/index.js';
import { DemoProcess } from './testing/demo-process.js';
import { formsOf } from '../../test/canary/forms.js';

/** What clients say that nobody else should ever read. Each is refused in its own way. */
const canaries = {
  password: 'canary-that-is-no-token',
  bearer: 'canary-that-bears-nothing',
  code: 'canary-that-opens-no-console',
  client: 'canary-of-another-client',
  engine: 'canary-that-asks-clickhouse',
  role: 'canary-that-a-role-would-have',
  prepared: 'canary-that-a-driver-prepares',
  unparsable: 'canary-that-does-not-parse',
};

/** A whole demo whose every door is tried with secrets that are wrong, and with its own. */
describe('a secret', () => {
  let folder: string;
  let demo: DemoProcess;
  let secrets: readonly string[];
  /** What clients were told. */
  const heard: string[] = [];
  let forms: readonly Buffer[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    chmodSync(folder, 0o755);
    demo = await DemoProcess.start(folder);
    secrets = [...kept(join(demo.home, 'secrets')), ...Object.values(demo.file.tokens), ...Object.values(canaries)];
    forms = secrets.flatMap(formsOf).map((form) => Buffer.from(form));
    await tryEveryDoor();
  }, 120_000);
  afterAll(async () => {
    await demo.stop();
    rmSync(folder, { recursive: true });
  }, 20_000);

  const tryEveryDoor = async (): Promise<void> => {
    const { proxyUrl, directUrl, apiUrl, tokens } = demo.file;
    const unsigned = [{ alg: 'none' }, claimsOf(tokens.agent)].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const passwords = [canaries.password, `${tokens.agent}x`, `${unsigned.join('.')}.`, tokens.viewer];
    for (const password of passwords) heard.push(await told(proxyUrl, { password }, 'SELECT 1'));
    heard.push(await told(directUrl, { password: canaries.password }, 'SELECT 1'));
    heard.push(await told(proxyUrl, {}, `ALTER ROLE billing_agent PASSWORD '${canaries.role}'`));
    heard.push(await told(proxyUrl, {}, { name: 'a', text: `CREATE USER eve PASSWORD '${canaries.prepared}'` }));
    heard.push(await told(proxyUrl, {}, `ALTER USER eve PASSWORD 'old' '${canaries.unparsable}'`));

    const bearers = [canaries.bearer, `${tokens.viewer}x`, tokens.viewer, tokens.agent];
    for (const bearer of bearers)
      for (const path of ['sessions', 'approvals', 'reports/access', 'nowhere'])
        heard.push(await answerOf(`${apiUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${bearer}` } }));
    heard.push(await answerOf(`${apiUrl}/api/v1/login/code`, { method: 'POST', body: JSON.stringify({ code: canaries.code }) }));
    const { issuers, clickhouse } = settings();
    const basic = (password: string): object => ({
      headers: { authorization: `Basic ${Buffer.from(`billing-bot:${password}`).toString('base64')}` },
    });
    const grant = { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials' }) };
    heard.push(await answerOf(`${issuers}/token`, { ...grant, ...basic(canaries.client) }));
    heard.push(await answerOf(`${clickhouse}/?query=SELECT+1`, basic(canaries.engine)));
    for (const token of [canaries.bearer, tokens.viewer])
      for (const args of [['sessions'], ['approvals', 'list'], ['report', 'access']])
        heard.push(await sallyport(args, { SALLYPORT_TOKEN: token }));
  };

  const settings = (): { readonly issuers: string; readonly clickhouse: string } => {
    const text = readFileSync(join(demo.home, 'sallyport.yml'), 'utf8');
    const port = /clickhouse:\n\s+port: (\d+)/.exec(text)?.[1] ?? '';
    return { issuers: /issuer: (\S+)/.exec(text)?.[1] ?? '', clickhouse: `http://127.0.0.1:${port}` };
  };
  const sallyport = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
    new Promise((resolve) => {
      const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));
      const options = { env: { ...process.env, ...env }, cwd: folder, maxBuffer: 256 * 1024 * 1024 };
      execFile(
        process.execPath,
        [cli, ...args, ...(args[0] === 'log' ? [] : ['--api', demo.file.apiUrl])],
        options,
        (_, out, err) => {
          resolve(out + err);
        },
      );
    });
  /** Which of the secrets is there, in whatever form. Empty: none. */
  const foundIn = (text: string | Buffer): string[] => {
    const bytes = Buffer.from(text);
    return forms.filter((form) => bytes.includes(form)).map(String);
  };

  it('is many: tokens, passwords, keys, and what was said at every door', () => {
    expect(secrets.length).toBeGreaterThan(20);
    expect(heard.length).toBeGreaterThan(30);
    expect(heard.join('\n')).toContain('28P01');
    expect(foundIn(`x${canaries.bearer}`)).toEqual([canaries.bearer]);
  });

  it('lies in files of its owner alone, outside of the data', () => {
    const folderOfSecrets = join(demo.home, 'secrets');
    expect(relative(demo.file.dataDir, folderOfSecrets)).toMatch(/^\.\./);
    expect(statSync(folderOfSecrets).mode & 0o777).toBe(0o700);
    const files = [...filesIn(folderOfSecrets), join(demo.home, 'demo.json')];
    expect(files.filter((file) => (statSync(file).mode & 0o777) !== 0o600)).toEqual([]);
  });

  it('is in no error that a client is told', () => {
    expect(heard.filter((text) => foundIn(text).length > 0)).toEqual([]);
  });

  it('is in no event, and in no content beside one', async () => {
    const { dataDir } = demo.file;
    for (const how of ['--raw', '--json']) {
      const printed = await sallyport(['log', 'cat', how, '--data', dataDir]);
      expect(printed).toContain('session.authenticated');
      expect(foundIn(printed)).toEqual([]);
    }
    const { parts } = await readRecord(dataDir);
    expect(foundIn(Buffer.concat(parts.map(({ bytes }) => bytes)))).toEqual([]);
  });

  it('is on no command line and in no environment', () => {
    const running = demo.processes;
    expect(running.length).toBeGreaterThanOrEqual(Object.keys(demo.file.pids).length);
    expect(running.filter((one) => foundIn(one.commandLine + one.environment).length > 0)).toEqual([]);
  });

  it('is in no row of ClickHouse', async () => {
    const { clickhouse } = settings();
    const password = readFileSync(join(demo.home, 'secrets', 'clickhouse.password'), 'utf8').trim();
    const headers = { authorization: `Basic ${Buffer.from(`sallyport:${password}`).toString('base64')}` };
    const ask = (body: string): Promise<string> => answerOf(clickhouse, { method: 'POST', headers, body });
    const tables = await ask("SELECT database || '.' || name FROM system.tables WHERE database = 'sallyport' FORMAT TSV");
    expect(tables).toContain('sallyport.');
    for (const table of tables.split('\n').filter((name) => name.startsWith('sallyport.'))) {
      const rows = await ask(`SELECT * FROM ${table} FORMAT JSONEachRow`);
      expect([table, foundIn(rows)]).toEqual([table, []]);
    }
  });

  it('is in no log, and in no file but those of secrets', async () => {
    expect(await demo.stop()).toMatchObject({ code: 0 });
    const files = filesIn(demo.home).filter((file) => !file.startsWith(join(demo.home, 'secrets')));
    for (const part of ['logs/proxy.log', 'logs/api.log', 'data/outbox/proxy', 'data/clickhouse'])
      expect(files.some((file) => file.startsWith(join(demo.home, part)))).toBe(true);
    expect(files.flatMap((file) => foundIn(readFileSync(file)).map((form) => [relative(demo.home, file), form]))).toEqual([]);
    // Whoever starts the demo is given the link that logs in once.
    expect(foundIn((await demo.output).replaceAll(demo.file.consoleUrl, ''))).toEqual([]);
  }, 30_000);

  it('is withheld without a gap in the record', async () => {
    expect(unaccounted(demo.sessions(), await readRecord(demo.file.dataDir, 'proxy'))).toEqual([]);
  });
});

/** The secrets in a folder of them: lines of a private key, the values of JSON, and what else is one line. Certificates are for everyone. */
function kept(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8').trim();
    if (name.endsWith('.pem')) return [];
    if (name.endsWith('.key')) return text.split('\n').filter((line) => !line.startsWith('---') && line.length > 20);
    if (name === 'identity-provider.json') return [(JSON.parse(text) as { key: { d: string } }).key.d];
    return [text];
  });
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const claimsOf = (token: string): unknown => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));

/** All that a client is told by a server, errors with every field. */
async function told(url: string, change: pg.ClientConfig, statement: string | pg.QueryConfig): Promise<string> {
  const { username, hostname, port, pathname, password, searchParams } = new URL(url);
  const ca = searchParams.get('sslrootcert');
  const own = { user: username, host: hostname, port: Number(port), database: pathname.slice(1), password };
  const client = new pg.Client({ ...own, ...(ca !== null && { ssl: { ca: readFileSync(ca) } }), ...change });
  client.on('error', () => undefined);
  const notices: string[] = [];
  client.on('notice', (notice) => notices.push(JSON.stringify(notice)));
  try {
    await client.connect();
    await client.query(statement);
    return 'done';
  } catch (error) {
    return JSON.stringify({ ...(error as object), message: (error as Error).message, notices });
  } finally {
    await client.end();
  }
}

async function answerOf(url: string, request: RequestInit): Promise<string> {
  const answer = await fetch(url, request);
  return `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
}
