import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { Event, EventOf, EventType, PartRecord } from '#events';
import { readRecord } from '../../test/record.js';
import { unaccounted } from '../../test/tap/index.js';
import { DemoProcess } from './testing/demo-process.js';

const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** The demo as `npm run demo` starts it. The session that it plays is held against the log and against Postgres. */
describe('the story of the demo', () => {
  let folder: string;
  let demo: DemoProcess;
  let events: readonly Event[];
  let parts: readonly PartRecord[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'story-'));
    chmodSync(folder, 0o755);
    demo = await DemoProcess.start(folder);
    ({ events, parts } = await readRecord(demo.file.dataDir));
  }, 120_000);
  afterAll(async () => {
    await demo.stop();
    rmSync(folder, { recursive: true });
  }, 20_000);

  const of = <T extends EventType>(type: T): EventOf<T>['data'][] =>
    events.flatMap((event) => (event.type === type ? [event.data as EventOf<T>['data']] : []));
  const query = async (sql: string, url = demo.file.directUrl): Promise<unknown[]> => {
    const client = new Client(url);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  it('is on record: who came, and each statement with its decisions and its end', () => {
    expect(
      of('session.authenticated').map(({ principal, login, method }) => [principal.subject, principal.kind, login, method]),
    ).toEqual([['billing-bot', 'agent', 'billing_agent', 'oidc']]);
    const decisions = of('statement.decided');
    const ends = of('statement.completed').map(({ n, outcome, tag, sqlstate }) => [
      ...decisions.filter((decision) => decision.n === n).map(({ verdict, rule }) => `${verdict} ${rule}`),
      tag ?? `${outcome} ${sqlstate ?? ''}`,
    ]);
    expect(ends).toEqual([
      ['allow billing-works', 'SELECT 1'],
      ['allow billing-works', 'SELECT 1'],
      ['allow billing-works', 'SELECT 1'],
      ['allow billing-works', 'BEGIN'],
      ['allow billing-works', 'INSERT 0 1'],
      ['allow billing-works', 'UPDATE 1'],
      ['allow billing-works', 'COMMIT'],
      ['allow billing-works', 'error 23514'],
      ['deny no-definitions', 'refused 42501'],
      ['allow billing-works', 'SELECT 1'],
      ['hold mass-writes', 'allow mass-writes', expect.stringMatching(/^DELETE [1-9]\d*$/) as unknown],
    ]);
    expect(of('session.closed').map(({ reason, tail }) => [reason, tail])).toEqual([['client-terminated', undefined]]);
  });

  it('has no number of a card and no SSN in full, and says which columns were masked', () => {
    expect(of('statement.decided').flatMap(({ masked }) => (masked ? [masked] : []))).toEqual([
      ['public.customers.email', 'public.customers.profile', 'public.customers.ssn'],
      ['public.cards.number'],
    ]);
    const rows = parts.filter(({ header }) => header.name === 'rows').map(({ bytes }) => Buffer.from(bytes).toString('latin1'));
    expect(rows.filter((text) => text.includes('*******6212') || text.includes('************7715'))).toHaveLength(2);
    expect(rows.filter((text) => text.includes('937-30-6212') || text.includes('4111112677537715'))).toEqual([]);
  });

  it('has the vote of the approver on what was held, and an alert about what was refused', () => {
    const [held] = of('statement.held');
    expect(of('approval.granted').map(({ approval, binding, by }) => [approval, binding, by.subject])).toEqual([
      [held?.approval, held?.binding, 'approver-anna'],
    ]);
    const raised = of('alert.raised').filter(({ rule }) => rule === 'R01');
    expect(raised.map(({ severity, principal }) => [severity, principal?.subject])).toEqual([['high', 'billing-bot']]);
  });

  it('has who went past the proxy, and nobody else: the demo itself is a declared exception', () => {
    const who = { user: 'postgres', database: 'shop', application: 'psql' };
    expect(of('bypass.found')).toMatchObject([
      { what: 'connection', client: { host: '127.0.0.1' }, ...who },
      { what: 'statement', command: 'SELECT', ...who },
    ]);
  });

  it('shows in Postgres: what was committed, what was deleted, and nothing of what was refused', async () => {
    expect(
      await query(
        `SELECT r.reason, p.status, r.amount = p.amount AS whole FROM refunds r JOIN payments p ON p.id = r.payment_id
         WHERE r.id = (SELECT max(id) FROM refunds)`,
      ),
    ).toEqual([{ reason: 'the parcel was lost', status: 'refunded', whole: true }]);
    expect(await query('SELECT 1 FROM refunds WHERE amount < 0')).toEqual([]);
    const deleted = of('statement.completed').flatMap(({ tag }) => (tag?.startsWith('DELETE') ? Number(tag.slice(7)) : []));
    const [attempts] = (await query('SELECT count(*)::int AS left, max(id)::int AS made FROM payment_attempts')) as [
      { left: number; made: number },
    ];
    expect(deleted).toEqual([attempts.made - attempts.left]);
  });

  it('says in demo.json where everything is, as soon as it answers and for as long as it does', () => {
    expect(demo.files.map(({ story }) => story)).toEqual(['running', 'done']);
    expect(demo.answered).toEqual([true, true, true]);
    expect(statSync(join(demo.home, 'demo.json')).mode & 0o777).toBe(0o600);
    const { pids, tokens, dataDir } = demo.file;
    expect(Object.keys(pids).sort()).toEqual([
      ...[
        'api',
        'clickhouse',
        'detector',
        'exporter',
        'identity-provider',
        'postgres',
        'projector',
        'proxy',
        'reconciler',
        'standalone',
      ],
    ]);
    const running = new Set(demo.processes.map(({ pid }) => pid));
    expect(Object.entries(pids).filter(([, pid]) => !running.has(pid))).toEqual([]);
    expect(Object.keys(tokens)).toEqual(['agent', 'viewer', 'responder', 'approver', 'auditor', 'admin']);
    expect(dataDir).toBe(join(demo.home, 'data'));
  });

  it('gives a URL that node-postgres takes as it stands', async () => {
    expect(await query('SELECT current_user AS login', demo.file.proxyUrl)).toEqual([{ login: 'billing_agent' }]);
  });

  it("is shown with what Postgres' own log says of it in between", async () => {
    const { session } = events.find(({ type }) => type === 'session.opened') ?? {};
    const { apiUrl, tokens } = demo.file;
    const shown = (): Promise<string> =>
      promisify(execFile)(process.execPath, [cli, 'show', session ?? '', '--api', apiUrl], {
        env: { ...process.env, SALLYPORT_TOKEN: tokens.responder, NO_COLOR: '1' },
      }).then(({ stdout }) => stdout);
    let lines: string[] = [];
    // The session is over, but explained only some seconds later.
    for (const late = performance.now() + 15_000; performance.now() < late && !lines.some((line) => line.includes('postgres  '));)
      lines = (await shown()).split('\n');
    const told = lines.flatMap(
      (line) => /session\.(?:authenticated|ready)|connection authorized|ERROR 23514|disconnection/.exec(line) ?? [],
    );
    expect(told).toEqual([
      ...['session.authenticated', 'connection authorized', 'session.ready', 'ERROR 23514', 'disconnection'],
    ]);
  }, 30_000);

  it('stops within five seconds of Ctrl-C, and leaves no process', async () => {
    const { code, ms, processes } = await demo.stop();
    expect({ code, processes }).toEqual({ code: 0, processes: [] });
    expect(ms).toBeLessThan(5_000);
  }, 20_000);

  it('has every byte on record that its clients said and heard', async () => {
    expect(demo.sessions()).toHaveLength(2);
    expect(unaccounted(demo.sessions(), await readRecord(demo.file.dataDir, 'proxy'))).toEqual([]);
  });

  it('is told from the record, and ends with the lines to paste', async () => {
    const told = await demo.output;
    const session = events.find(({ type }) => type === 'session.opened')?.session ?? '';
    for (const line of [
      'billing-bot (agent) is let in to demo/shop as billing_agent',
      'SELECT brand, number, expires FROM cards',
      'number ************7715',
      'ssn *******6212  masked: public.customers.ssn',
      'masked: public.cards.number',
      'refused by rule no-definitions',
      'held by rule mass-writes for approvers',
      'granted by approver-anna',
      'alert R01 (high): Destructive DDL attempted by billing-bot',
      'bypass: postgres connected to shop directly from 127.0.0.1 at',
      'application psql, not through Sallyport',
      `session ${session} ended (client-terminated)`,
      `npm run -s sallyport -- replay ${session}`,
    ])
      expect(told).toContain(line);
  });

  it('is still there at the next start, which plays nothing when it is told not to', async () => {
    demo = await DemoProcess.start(folder, ['--no-agent']);
    const sessions = (all: readonly Event[]): Event[] => all.filter(({ type }) => type === 'session.opened');
    const { events: found } = await readRecord(demo.file.dataDir);
    expect(sessions(found)).toHaveLength(2);
    expect(sessions(found).slice(0, 1)).toEqual(sessions(events));
    const { apiUrl, tokens } = demo.file;
    const answer = await fetch(`${apiUrl}/api/v1/sessions`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
    const { items } = (await answer.json()) as { readonly items: readonly { readonly id: string }[] };
    expect(items.map(({ id }) => id)).toContain(sessions(events)[0]?.session);
    expect(await query("SELECT count(*)::int AS n FROM refunds WHERE reason = 'the parcel was lost'")).toEqual([{ n: 1 }]);
    expect(await demo.stop()).toMatchObject({ code: 0, processes: [] });
  }, 120_000);

  it('is gone after a start with --reset', async () => {
    demo = await DemoProcess.start(folder, ['--reset', '--no-agent']);
    const { events: found } = await readRecord(demo.file.dataDir);
    expect(found.filter(({ type }) => type.startsWith('session.') || type.startsWith('statement.'))).toEqual([]);
    expect(await query("SELECT count(*)::int AS n FROM refunds WHERE reason = 'the parcel was lost'")).toEqual([{ n: 0 }]);
    expect(await demo.stop()).toMatchObject({ code: 0, processes: [] });
  }, 120_000);
});
