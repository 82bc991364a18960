import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describePart, pathOf, psql } from '../parts.js';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

describePart([psql], 'psql through the proxy', () => {
  let world: World;
  let token: string;

  const start = (...args: string[]): ChildProcess =>
    spawn(
      pathOf(psql),
      [
        '-X',
        '-A',
        '-t',
        '-v',
        'VERBOSITY=verbose',
        `host=127.0.0.1 port=${world.tap.port} dbname=app user=bot sslmode=require`,
        ...args,
      ],
      { env: { PATH: process.env.PATH, PGPASSWORD: token, LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'pipe'] },
    );
  const ended = async (child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> => {
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  };
  const run = async (script: string): Promise<{ code: number | null; out: string; err: string }> => {
    const child = start('-f', '-');
    child.stdin?.end(script);
    return ended(child);
  };

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item SELECT g, 'item ' || g FROM generate_series(1, 100) g;
        GRANT ALL ON item TO ${login.name}; GRANT ALL ON SCHEMA public TO ${login.name};`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it('runs statements, transactions and errors as on a direct connection', async () => {
    const { out, err } = await run(`SELECT 1;
BEGIN;
UPDATE item SET name = 'x' WHERE id = 1;
SELECT nothing;
SELECT 2;
ROLLBACK;
SELECT name FROM item WHERE id = 1;
`);
    expect(out.split('\n').filter(Boolean)).toEqual(['1', 'BEGIN', 'UPDATE 1', 'ROLLBACK', 'item 1']);
    expect(err).toMatch(/42703: column "nothing" does not exist/);
    expect(err).toMatch(/25P02: current transaction is aborted/);
  });

  it('describes tables, lists, and copies both ways from its own side', async () => {
    const file = join(world.dataDir, '..', 'copy.tsv');
    writeFileSync(file, '901\tone\n902\ttwo\n');
    const { out, err } = await run(`\\d item
\\dt
\\copy item from '${file}'
\\copy (SELECT id FROM item WHERE id > 900 ORDER BY id) to stdout
DELETE FROM item WHERE id = 901;
DELETE FROM item WHERE id = 902;
`);
    expect(err).toBe('');
    expect(out).toContain('id|integer||not null|');
    expect(out).toContain('public|item|table|postgres');
    expect(out).toContain('COPY 2\n901\n902\n');
  });

  it('uses the extended protocol with \\bind where it knows it, and \\gdesc', async () => {
    const { out, err } = await run('SELECT id, name FROM item \\gdesc\n');
    expect([out, err]).toEqual(['id|integer\nname|text\n', '']);
  });

  it('shows a refusal with its rule and what to do', async () => {
    const { code, err } = await run('\\set ON_ERROR_STOP on\nDROP TABLE item;\n');
    expect(code).toBe(3);
    expect(err).toMatch(/ERROR: {2}42501: denied by rule no-drop \(statement .*\/0\): nothing is dropped here/);
    expect(err).toMatch(/DETAIL: {2}\{"decision":"deny","rule":"no-drop"/);
    expect(err).toMatch(/HINT: {2}Ask whoever keeps the policy/);
  });

  it('cancels by an interrupt', async () => {
    const child = start('-c', "SELECT 'running', pg_sleep(30)");
    const end = ended(child);
    const admin = await world.direct();
    for (;;) {
      const { rowCount } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%''running''%' AND state = 'active' AND pid <> pg_backend_pid()",
      );
      if (rowCount === 1) break;
    }
    await admin.end();
    child.kill('SIGINT');
    expect((await end).err).toMatch(/57014: canceling statement due to user request/);
  });
});
