import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { Authenticator } from '#identity';
import { loadConfig } from '#runtime';
import type { DemoFile } from './demo-file.js';

/** One demo for all of these: making it takes seconds. They run in this order. */
describe('the demo', () => {
  let temporary: string;
  let folder: string;
  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), 'demo-'));
    chmodSync(temporary, 0o755);
    mkdirSync(join(temporary, 'private'), { mode: 0o700 });
    folder = join(temporary, 'private', '.sallyport');
  });
  let demo: ChildProcess;
  let told: Promise<string>;
  afterAll(() => {
    demo.kill('SIGKILL'); // does nothing to one that has ended
    rmSync(temporary, { recursive: true });
  });

  const start = async (...flags: string[]): Promise<DemoFile> => {
    demo = spawn(process.execPath, [fileURLToPath(new URL('fixtures/demo-with-stubs.js', import.meta.url)), folder, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TMPDIR: temporary },
    });
    told = demo.stdout ? text(demo.stdout) : Promise.resolve('');
    return Promise.race([untilDone(folder), once(demo, 'exit').then(async () => Promise.reject(new Error(await told)))]);
  };
  const stop = async (): Promise<{ code: unknown; ms: number }> => {
    const began = performance.now();
    demo.kill('SIGINT');
    const [code] = (await once(demo, 'exit')) as unknown[];
    return { code, ms: performance.now() - began };
  };
  const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  let running: DemoFile;
  it('starts below a folder that only its owner may enter, and says where everything is', async () => {
    running = await start();
    expect(Object.keys(running).sort()).toEqual([
      'apiUrl',
      'consoleUrl',
      'dataDir',
      'directUrl',
      'pids',
      'proxyUrl',
      'story',
      'tokens',
    ]);
    expect(Object.keys(running.pids).sort()).toEqual(['identity-provider', 'postgres', 'proxy', 'standalone']);
    expect(statSync(join(folder, 'demo.json')).mode & 0o777).toBe(0o600);
    expect(running.dataDir).toBe(join(folder, 'data'));
  }, 60_000);

  it('has a shop of ten tables and two hundred thousand rows at least', async () => {
    const [tables] = await query(
      running.directUrl,
      `SELECT count(*)::int AS n FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace`,
    );
    expect(tables?.n).toBeGreaterThanOrEqual(10);
    const [rows] = await query(
      running.directUrl,
      `SELECT sum((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I', relname), false, true, '')))[1]::text::int)::int AS n
       FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    );
    expect(rows?.n).toBeGreaterThanOrEqual(200_000);
  });

  it('has the same shop every time', async () => {
    expect(
      await query(
        running.directUrl,
        `SELECT c.email, c.ssn, k.number FROM customers c JOIN cards k ON k.id = c.id WHERE c.id = 4711`,
      ),
    ).toEqual([{ email: 'elif.tanaka4711@example.org', ssn: '937-30-6212', number: '4111112677537715' }]);
  });

  it('lets its logins do what they are for, and no more', async () => {
    const outcome = async (login: string, sql: string): Promise<string> => {
      const url = new URL(running.directUrl);
      url.username = login;
      url.password = readFileSync(join(folder, 'secrets', `${login}.password`), 'utf8').trim();
      return query(url.href, sql).then(
        () => 'ok',
        (error: unknown) => (error as { code: string }).code,
      );
    };
    const statements = {
      read: 'SELECT number FROM cards LIMIT 1',
      write: "UPDATE payments SET status = 'captured' WHERE id = 0",
      drop: 'DROP TABLE payments',
      create: 'CREATE TABLE mine (id int)',
    };
    const outcomes = async (login: string): Promise<string[]> =>
      Promise.all(Object.values(statements).map((sql) => outcome(login, sql)));
    expect(await outcomes('billing_agent')).toEqual(['ok', 'ok', '42501', '42501']);
    expect(await outcomes('analyst')).toEqual(['ok', '42501', '42501', '42501']);
    expect(await outcomes('sallyport_catalog')).toEqual(['42501', '42501', '42501', '42501']);
  });

  it('gives everyone a token that its own configuration accepts for a day', async () => {
    const { issuers, tokens } = loadConfig(join(folder, 'sallyport.yml'), 'api', {});
    const authenticator = new Authenticator({ issuers, tokens });
    const who = await Promise.all(
      Object.entries(running.tokens).map(async ([role, token]) => {
        const { principal, expires = 0 } = await authenticator.authenticate(token, Date.now());
        expect(expires).toBeGreaterThan(Date.now() + 23 * 3_600_000);
        return [role, principal.subject, principal.kind, principal.groups];
      }),
    );
    expect(who).toEqual([
      ['agent', 'billing-bot', 'agent', ['agents', 'billing']],
      ['viewer', 'viewer-vic', 'human', ['viewers']],
      ['responder', 'responder-rui', 'human', ['responders']],
      ['approver', 'approver-anna', 'human', ['approvers']],
      ['auditor', 'auditor-aya', 'human', ['auditors']],
      ['admin', 'admin-ada', 'human', ['admins']],
    ]);
  });

  it.each(['127.0.0.1', 'localhost'])('has a proxy whose certificate is good for %s', async (host) => {
    const url = new URL(running.proxyUrl);
    const ca = url.searchParams.get('sslrootcert') ?? '';
    const socket = connect({ host, port: Number(url.port), ca: readFileSync(ca) });
    expect(await text(socket)).toBe('stub');
    expect([url.username, url.password, url.searchParams.get('sslmode')]).toEqual([
      'billing-bot',
      running.tokens.agent,
      'require',
    ]);
  });

  it('shows no secret in a process listing or a log', () => {
    const secrets = readdirSync(join(folder, 'secrets'))
      .filter((name) => !/\.(pem|key|json)$/.test(name))
      .map((name) => readFileSync(join(folder, 'secrets', name), 'utf8').trim());
    const listing = execFileSync('ps', ['-ww', '-o', 'args=', '-p', Object.values(running.pids).join(',')], { encoding: 'utf8' });
    const logs = readdirSync(join(folder, 'logs')).map((name) => readFileSync(join(folder, 'logs', name), 'utf8'));
    const seen = [listing, ...logs].join('\n');
    expect(seen).toContain('stub-service.js');
    expect([...secrets, ...Object.values(running.tokens)].filter((secret) => seen.includes(secret))).toEqual([]);
  });

  it('stops within five seconds of Ctrl-C and leaves nothing behind', async () => {
    const { code, ms } = await stop();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_000);
    expect(Object.values(running.pids).filter(isAlive)).toEqual([]);
    expect(existsSync(join(folder, 'demo.json'))).toBe(false);
    expect(await told).toContain('npm run -s sallyport -- sessions');
  }, 60_000);

  it('finds its data at the second start, and ends with an error when a part of it dies', async () => {
    running = await start();
    await query(running.directUrl, 'CREATE TABLE left_behind (id int)');
    process.kill(running.pids.postgres ?? 0, 'SIGKILL');
    const [code] = (await once(demo, 'exit')) as unknown[];
    expect(code).toBe(1);
    expect(await told).toContain('postgres ended by itself');
    expect(await told).not.toContain('cluster is made');
    expect(Object.values(running.pids).filter(isAlive)).toEqual([]);
  }, 60_000);

  it('ends everything when it is killed itself', async () => {
    running = await start();
    expect(await query(running.directUrl, "SELECT to_regclass('left_behind') IS NOT NULL AS kept")).toEqual([{ kept: true }]);
    demo.kill('SIGKILL');
    await until(() => !Object.values(running.pids).some(isAlive));
  }, 60_000);
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The next event of a process elsewhere: there is nothing to be told by, so it is asked again. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function untilDone(folder: string): Promise<DemoFile> {
  const file = join(folder, 'demo.json');
  let found: DemoFile | undefined;
  await until(() => {
    if (!existsSync(file)) return false;
    found = JSON.parse(readFileSync(file, 'utf8')) as DemoFile;
    return found.story === 'done';
  });
  return found as DemoFile;
}
