import 'reflect-metadata';
import { jest } from '@jest/globals';
import { z } from 'zod';
import { ClickHouse } from '#clickhouse';
import { AccessFold } from '#compliance';
import { killedProxy } from './fixtures/killed-proxy.js';
import { Projected, untilProjected } from './fixtures/projected.js';
import { RecordedSession } from './fixtures/recorded.js';
import { Rig } from './fixtures/rig.js';
import { Projection } from './projection.js';

jest.setTimeout(60_000);
const approval = '01936f01-0000-7000-8000-0000000000aa';
const first = new RecordedSession('01936f00-0000-7000-8000-000000000001').read(['Ada', 'Bob']).refused().closed();
const held = new RecordedSession('01936f00-0000-7000-8000-000000000002', 'carl').held(approval, Date.UTC(2100, 0, 1));
const cut = new RecordedSession('01936f00-0000-7000-8000-000000000003', 'dora').allowed();
const partly = new RecordedSession('01936f00-0000-7000-8000-000000000000', 'eve').read(['Cleo']).closed();
const projected = new Projected();
let rig: Rig;

beforeAll(async () => {
  rig = await Rig.start({ before: [...partly.drafts, ...first.drafts], clickhouse: await projected.start() });
  await killedProxy(rig.dataDir, cut);
  await rig.happens(held.drafts);
  // Before the projector made its tables, the log answers.
  expect((await rig.get('viewer', 'sessions')).body).toMatchObject({ source: 'log' });
  await projected.project(rig);
  await untilProjected(rig);
});
afterAll(async () => {
  await rig.stop();
  await projected.stop();
});

interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
  readonly source: string;
}
const page = async (who: 'viewer' | 'responder', path: string): Promise<Page> => (await rig.get(who, path)).body as Page;
const withoutAge = (body: unknown): unknown => ({ ...(body as object), projected_through: undefined, source: undefined });

describe('with ClickHouse', () => {
  it('sessions come from there, page by page', async () => {
    const one = await page('viewer', 'sessions?limit=2');
    const two = await page('viewer', `sessions?limit=2&cursor=${one.next ?? ''}`);
    expect([one.source, two.next]).toEqual(['clickhouse', null]);
    const ids = [...one.items, ...two.items].map(({ id }) => id);
    expect([...ids].sort()).toEqual([partly.id, first.id, held.id, cut.id]);
    expect((await page('viewer', 'sessions?live=true')).items.map(({ id }) => id)).toEqual([held.id]);
  });

  it('statements are searched, their texts by those only who may read them', async () => {
    const found = await page('responder', 'statements?text=ssn from');
    expect(found.items.map(({ session, n, sql }) => [session, n, sql])).toEqual(
      expect.arrayContaining([[first.id, 0, 'SELECT name, ssn FROM people']]),
    );
    const verbs = await page('viewer', 'statements?verb=drop table&relation=app.people&verdict=deny');
    expect(verbs).toMatchObject({ redacted: true, items: [{ session: first.id, n: 1, sql: null, rule: 'no-drops' }] });
    expect(await rig.get('viewer', 'statements?text=ssn')).toMatchObject({ status: 403 });
    const all: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: Page = await page('viewer', `statements?limit=1${cursor && `&cursor=${cursor}`}`);
      all.push(...next.items.map(({ session, n }) => `${String(session)}/${String(n)}`));
      cursor = next.next;
    }
    expect(all).toHaveLength(5);
    expect(new Set(all).size).toBe(5);
  });

  it('one question that it refuses is no reason not to ask the next', async () => {
    const projection = rig.app.get(Projection);
    const refused = projection.answer((clickhouse) => clickhouse.select(z.unknown(), 'SELECT nothing'));
    await expect(refused).rejects.toThrow('ClickHouse does not answer');
    expect(await page('viewer', 'sessions')).toMatchObject({ source: 'clickhouse' });
  });

  it('has no alerts where none was raised', async () => {
    expect(await rig.get('viewer', 'alerts?severity=high')).toMatchObject({ status: 200, body: { items: [], next: null } });
  });

  it('an alert names the step that completed it', async () => {
    const decided = (await rig.record()).find(({ type, session }) => type === 'statement.decided' && session === first.id);
    const inputs = [`${decided?.producer ?? ''}/${decided?.pseq ?? 0}`];
    const alert = { rule: 'R01', ruleVersion: 1, severity: 'high', title: 'a test', threshold: 'one', eventTime: 1 } as const;
    await rig.happens([
      { type: 'alert.raised', data: { ...alert, alert: 'a'.repeat(64), session: first.id, inputs } },
      { type: 'alert.raised', data: { ...alert, alert: 'b'.repeat(64), inputs } },
    ]);
    await untilProjected(rig);
    expect((await page('viewer', 'alerts')).items.map(({ session, seq }) => [session, seq])).toEqual([
      [null, null],
      [first.id, decided?.seq],
    ]);
  });

  it('a session whose parts are not all there yet is read from the log', async () => {
    const path = `sessions/${partly.id}/steps/4`;
    const { url, user, password } = projected.engine;
    const clickhouse = ClickHouse.at({ url, user, password, database: 'sallyport' });
    const { producer, pseq } = (await rig.record()).find(({ session, seq }) => session === partly.id && seq === 4) ?? {};
    await clickhouse.command(`DELETE FROM parts WHERE producer = '${producer ?? ''}' AND pseq = ${pseq ?? -1}`);
    await clickhouse.close();
    expect(await rig.get('responder', path)).toMatchObject({
      body: { source: 'log', step: { results: [{ rows: [['Cleo', '***']], absent: [] }] } },
    });
  });

  it('reports what a recount of the record gives, its gaps too', async () => {
    const { body } = await rig.get('auditor', 'reports/access?since=2020-01-01');
    const { period, source } = body as { period: { since: number; until: number }; source: string };
    const recount = new AccessFold(period);
    for (const event of await rig.record()) recount.take(event);
    const { rows, totals, gaps } = recount.report();
    expect(source).toBe('clickhouse');
    expect(body).toMatchObject({ rows, totals, gaps });
    expect(gaps.map(({ kind, id }) => [kind, id]).slice(1)).toEqual([
      ['session-tail-unknown', cut.id],
      ['session-without-end', held.id],
      ['statements-unfinished', cut.id],
    ]);
  });

  it('steps are those of the log, and the log answers when it dies', async () => {
    const path = `sessions/${first.id}/steps/4`;
    const step = await rig.get('responder', path);
    const list = await rig.get('viewer', `sessions/${held.id}/steps`);
    const session = await rig.get('viewer', `sessions/${held.id}`);
    expect([step, list, session]).toMatchObject(Array(3).fill({ status: 200, body: { source: 'clickhouse' } }));

    await projected.engine.stop('SIGKILL');
    const again = [await rig.get('viewer', `sessions/${held.id}/steps`), await rig.get('viewer', `sessions/${held.id}`)];
    expect(again).toMatchObject(Array(2).fill({ status: 200, body: { source: 'log' } }));
    expect(again.map(({ body }) => withoutAge(body))).toEqual([list, session].map(({ body }) => withoutAge(body)));
    // One that was read before it died is not known to be up to date any more.
    const before = await rig.get('responder', path);
    expect([before.status, withoutAge(before.body)]).toEqual([200, withoutAge(step.body)]);
    expect(await page('viewer', 'sessions')).toMatchObject({ source: 'log', leftOut: 0 });
    expect(await rig.get('viewer', 'statements')).toMatchObject({ status: 503 });
    expect(await rig.ask(undefined, 'GET', 'health')).toMatchObject({ body: { clickhouse: 'away' } });
  });
});
