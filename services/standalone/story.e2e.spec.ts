import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { Event, EventOf, EventType, PartRecord } from '#events';
import { readRecord } from '../../test/record.js';
import type { DemoFile } from './demo-file.js';

/** The demo as `npm run demo` starts it. The session that it plays is held against the log and against Postgres. */
describe('the story of the demo', () => {
  let folder: string;
  let demo: ChildProcess;
  let output: Promise<string>;
  let running: DemoFile;
  let events: readonly Event[];
  let parts: readonly PartRecord[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'story-'));
    chmodSync(folder, 0o755);
    const main = fileURLToPath(new URL('main.js', import.meta.url));
    demo = spawn(process.execPath, [main, 'demo', '--home', join(folder, 'home')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Colours are for people; with CI=true they would be there even in a pipe.
      env: { ...process.env, NO_COLOR: '1' },
    });
    output = text(demo.stdout as NodeJS.ReadableStream);
    running = await Promise.race([untilDone(join(folder, 'home', 'demo.json')), endOf(demo)]);
    ({ events, parts } = await readRecord(running.dataDir));
  }, 120_000);
  afterAll(async () => {
    if (demo.exitCode === null) {
      demo.kill('SIGINT');
      await once(demo, 'exit');
    }
    rmSync(folder, { recursive: true });
  }, 20_000);

  const endOf = async (child: ChildProcess): Promise<never> => {
    await once(child, 'exit');
    throw new Error(await output);
  };
  const of = <T extends EventType>(type: T): EventOf<T>['data'][] =>
    events.flatMap((event) => (event.type === type ? [event.data as EventOf<T>['data']] : []));
  const query = async (sql: string): Promise<unknown[]> => {
    const client = new Client(running.directUrl);
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
    expect(of('alert.raised').map(({ rule, severity, principal }) => [rule, severity, principal?.subject])).toEqual([
      ['R01', 'high', 'billing-bot'],
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

  it('is told from the record, and ends with the lines to paste', async () => {
    demo.kill('SIGINT');
    await once(demo, 'exit');
    const told = await output;
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
      `session ${session} ended (client-terminated)`,
      `npm run -s sallyport -- replay ${session}`,
    ])
      expect(told).toContain(line);
  }, 20_000);
});

/** The file is another process's, which says nothing: it is looked at again. */
async function untilDone(file: string): Promise<DemoFile> {
  for (;;) {
    const demo = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoFile) : undefined;
    if (demo?.story === 'done') return demo;
    await setTimeout(50);
  }
}
