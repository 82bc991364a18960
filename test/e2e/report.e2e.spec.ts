import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import type { Event } from '#events';
import { SpawnedEngine } from '../clickhouse/spawned-engine.js';
import { type ApiProcess, startApi } from '../console/api-process.js';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

jest.setTimeout(60_000);
const cli = fileURLToPath(new URL('../../services/cli/main.js', import.meta.url));

describe('the access report after a proxy was killed', () => {
  const engine = new SpawnedEngine();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-report-'));
  let world: World;
  let api: ApiProcess;
  /** What `log cat` prints. */
  let events: readonly Event[];

  beforeAll(async () => {
    await engine.start();
    const clickhouse = { port: Number(new URL(engine.url).port), password: engine.password };
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'anvil'), (2, 'bolt'), (3, 'cog');
        GRANT ALL ON item TO ${login.name}`,
      services: ['projector'],
      clickhouse,
    });
    const ada = await world.connect('ada', await world.token('ada', ['agents'], 'agent'));
    await ada.query('SELECT name FROM item');
    await ada.query('UPDATE item SET name = name WHERE id = $1', [1]);
    await ada.query('DROP TABLE item').catch(() => undefined);
    await ada.end();
    const carl = await world.connect('carl', await world.token('carl', ['agents'], 'agent'));
    await carl.query('SELECT name FROM item WHERE id < 3');
    const cutOff = carl.query('SELECT id, pg_sleep(60) FROM item').catch(() => undefined);
    await running('SELECT id, pg_sleep');
    await world.killProxy();
    await cutOff;
    await world.startProxy();

    api = await startApi(world.dataDir, clickhouse);
    const cat = await sallyport(['log', 'cat', '--json', '--data', world.dataDir]);
    events = cat
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
  }, 120_000);
  afterAll(async () => {
    await api.stop();
    await world.stop();
    await engine.remove();
    rmSync(folder, { recursive: true });
  }, 30_000);

  /** Resolves when the server runs a statement that begins so. */
  const running = async (begins: string): Promise<void> => {
    const admin = await world.direct();
    const asked = `SELECT FROM pg_stat_activity WHERE state = 'active' AND starts_with(query, $1)`;
    while ((await admin.query(asked, [begins])).rowCount === 0) await setTimeout(20);
    await admin.end();
  };
  const sallyport = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
    (await promisify(execFile)(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, cwd: folder })).stdout;

  /** Downloads the report. @returns its files by name */
  const downloaded = async (): Promise<Readonly<Record<string, string>>> => {
    const out = mkdtempSync(join(folder, 'report-'));
    const env = { SALLYPORT_TOKEN: await api.token('aya', ['auditors']) };
    const written = await sallyport(['report', 'access', '--api', api.url, '--out', out], env);
    const files = written.trimEnd().split('\n');
    return Object.fromEntries(files.map((file) => [file.slice(out.length + 1), readFileSync(file, 'utf8')]));
  };
  /** From ClickHouse, once all of the log is projected. */
  const projected = async (): Promise<Readonly<Record<string, string>>> => {
    for (;;) {
      const files = await downloaded();
      if (!files['gaps.csv']?.includes('not-projected')) return files;
      await setTimeout(100);
    }
  };

  const withoutClickHouse = async (): Promise<Readonly<Record<string, string>>> => {
    await engine.stop('SIGKILL');
    return downloaded();
  };

  it.each([
    ['clickhouse', projected],
    ['log', withoutClickHouse],
  ] as const)(
    'downloads with the hashes of its files, has the totals of a recount, and names its gaps: from %s',
    async (source, get) => {
      const files = await get();
      const manifest = JSON.parse(files['manifest.json'] ?? '') as Manifest;
      expect(manifest.source).toBe(source);
      expect(Object.keys(files)).toEqual([...manifest.files.map(({ name }) => name), 'manifest.json']);
      for (const { name, sha256 } of manifest.files)
        expect([
          name,
          createHash('sha256')
            .update(files[name] ?? '')
            .digest('hex'),
        ]).toEqual([name, sha256]);

      const { gaps, ...totals } = manifest.totals;
      expect(totals).toEqual(recount(events));
      expect(totals).toEqual({ sessions: 2, statements: 5, allowed: 4, denied: 1, held: 0, rows: 5 });
      expect(rowsOf(files['access.csv']).map((row) => [row[1], ...row.slice(6, 11), row[13], row[15]])).toEqual([
        ['ada', 'public.item', 'read', 'SELECT', 'allow', '1', '0', '3'],
        ['ada', 'public.item', 'write', 'DROP TABLE', 'deny', '1', '0', '0'],
        ['ada', 'public.item', 'write', 'UPDATE', 'allow', '1', '0', '0'],
        ['carl', 'public.item', 'read', 'SELECT', 'allow', '2', '1', '2'],
      ]);
      const cutOff = events.find((event) => event.type === 'session.opened' && event.data.user === 'carl');
      expect(gaps).toBe(3);
      expect(rowsOf(files['gaps.csv']).map(([kind, id, principal, , , count]) => [kind, id, principal, count])).toEqual([
        ['producer-not-stopped', cutOff?.producer, '', ''],
        ['session-tail-unknown', cutOff?.session, 'carl', ''],
        ['statements-unfinished', cutOff?.session, 'carl', '1'],
      ]);
    },
  );
});

interface Manifest {
  readonly source: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly totals: Readonly<Record<string, number>>;
}

/** Counts once more, from the lines of the log alone. */
function recount(events: readonly Event[]): Readonly<Record<string, number>> {
  const verdicts = new Map<string, string>();
  const totals = { sessions: 0, rows: 0 };
  for (const event of events) {
    if (event.type === 'session.opened') totals.sessions++;
    if (event.type === 'statement.completed') totals.rows += event.data.rows;
    if (event.type === 'statement.decided') verdicts.set(`${event.session}/${event.data.n}`, event.data.verdict);
  }
  const count = (verdict: string): number => [...verdicts.values()].filter((one) => one === verdict).length;
  return { ...totals, statements: verdicts.size, allowed: count('allow'), denied: count('deny'), held: count('hold') };
}

/** The cells of a CSV without quotes, its head aside. */
const rowsOf = (csv = ''): string[][] =>
  csv
    .trimEnd()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(','));
