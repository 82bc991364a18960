import 'reflect-metadata';
import { RecordedSession } from './fixtures/recorded.js';
import { type Answer, Rig } from './fixtures/rig.js';
import { cursorOf } from './paging.js';

const first = '01936f00-0000-7000-8000-000000000001';
const second = '01936f01-0000-7000-8000-000000000002';
const approval = '01936f01-0000-7000-8000-0000000000aa';
const never = Date.UTC(2100, 0, 1);

const story = (): RecordedSession[] => [
  new RecordedSession(first).read(['Ada', 'Bob']).refused().closed(),
  new RecordedSession(second, 'carl').held(approval, never),
];
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ before: story().flatMap(({ drafts }) => drafts) });
});
afterAll(() => rig.stop());

const pageIn = ({ body }: Answer): Page => body as Page;
interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
  readonly source: string;
  readonly projected_through: readonly { producer: string; pseq: number; ageMs: number }[];
}

describe('sessions, from the log', () => {
  it('are listed newest first, page by page, with what the list knows of the log', async () => {
    const one = await rig.get('viewer', 'sessions?limit=1');
    const page = pageIn(one);
    expect(one.status).toBe(200);
    expect(page).toMatchObject({
      source: 'log',
      leftOut: 0,
      items: [{ id: second, live: true, principal: { subject: 'carl' } }],
    });
    expect(page.projected_through.map(({ ageMs }) => ageMs)).toEqual(page.projected_through.map(() => 0));
    const rest = pageIn(await rig.get('viewer', `sessions?limit=1&cursor=${page.next ?? ''}`));
    expect(rest).toMatchObject({ next: null, items: [{ id: first, statements: 2, denied: 1, rows: 2, tail: 'known' }] });
  });

  it.each([
    ['principal=billing-bot', [first]],
    ['verdict=deny', [first]],
    ['live=true', [second]],
    ['live=false&database=shop', [first]],
    ['until=1', []],
    ['since=2020-01-01', [second, first]],
  ])('are found by %s', async (query, ids) => {
    expect(pageIn(await rig.get('auditor', `sessions?${query}`)).items.map(({ id }) => id)).toEqual(ids);
  });

  it('are shown one by one', async () => {
    expect(await rig.get('viewer', `sessions/${first}`)).toMatchObject({
      status: 200,
      body: { session: { id: first, denied: 1 } },
    });
    expect(await rig.get('viewer', `sessions/${approval}`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await rig.get('viewer', `sessions/${first.toUpperCase()}`)).toMatchObject({ body: { session: { id: first } } });
  });
});

describe('steps', () => {
  it('are listed in one line each, page by page', async () => {
    const page = pageIn(await rig.get('responder', `sessions/${first}/steps?limit=4`));
    expect(page.items.map(({ seq, type }) => [seq, type])).toEqual([
      [0, 'session.opened'],
      [1, 'session.authenticated'],
      [2, 'session.ready'],
      [3, 'statement.decided'],
    ]);
    expect(page.items[3]).toMatchObject({ sql: 'SELECT name, ssn FROM people', verdict: 'allow', rule: 'agents-read', n: 0 });
    const rest = pageIn(await rig.get('responder', `sessions/${first}/steps?cursor=${page.next ?? ''}`));
    expect(rest.items.map(({ seq }) => seq)).toEqual([4, 5, 6, 7]);
    expect(rest.items[0]).toMatchObject({ outcome: 'ok', rows: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
  });

  it('show a responder the rows that were handed over, masked columns marked', async () => {
    const { body: found } = await rig.get('responder', `sessions/${first}/steps/4`);
    expect(found).toMatchObject({
      first: 0,
      last: 7,
      step: {
        redacted: false,
        sql: 'SELECT name, ssn FROM people',
        decision: { verdict: 'allow' },
        state: { phase: 'ready', transaction: { status: 'I' }, handed: { rows: 2 } },
        results: [
          {
            columns: [
              { name: 'name', mask: null },
              { name: 'ssn', mask: 'redact' },
            ],
            rows: [
              ['Ada', '***'],
              ['Bob', '***'],
            ],
            absent: [],
          },
        ],
      },
    });
  });

  it.each(['viewer', 'auditor', 'approver'] as const)('show a %s what happened, and nothing of what was said', async (who) => {
    const shown = await rig.get(who, `sessions/${first}/steps/4`);
    expect(shown.body).toMatchObject({
      step: { redacted: true, sql: null, results: [{ rows: [], absent: [{ count: 2, why: 'role' }] }] },
    });
    const list = await rig.get(who, `sessions/${first}/steps`);
    for (const secret of ['Ada', 'SELECT name', 'DROP TABLE people'])
      expect([JSON.stringify(shown.body), JSON.stringify(list.body)].join()).not.toContain(secret);
    expect((shown.body as { step: { hash: string } }).step.hash).toBe(
      ((await rig.get('responder', `sessions/${first}/steps/4`)).body as { step: { hash: string } }).step.hash,
    );
  });

  it('come in full too, page by page, the same as one by one', async () => {
    const page = pageIn(await rig.get('responder', `sessions/${first}/replay?limit=5`));
    const rest = pageIn(await rig.get('responder', `sessions/${first}/replay?cursor=${page.next ?? ''}`));
    expect([page.items.length, rest.items.map(({ seq }) => seq), rest.next]).toEqual([5, [5, 6, 7], null]);
    const { step } = (await rig.get('responder', `sessions/${first}/steps/4`)).body as { step: unknown };
    expect(page.items[4]).toEqual(step);
    expect(JSON.stringify(pageIn(await rig.get('viewer', `sessions/${first}/replay`)))).not.toContain('Ada');
  });

  it('beyond the last do not exist', async () => {
    expect(await rig.get('viewer', `sessions/${first}/steps/8`)).toMatchObject({
      status: 404,
      body: { detail: 'The session has the steps 0 to 7.' },
    });
  });
});

describe('without ClickHouse', () => {
  it.each(['statements', 'alerts'])('%s have to wait', async (route) => {
    const answer = await rig.get('responder', route);
    expect(answer).toMatchObject({ status: 503, type: 'application/problem+json', body: { code: 'projection-unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  it('is told by the health route, which asks nobody who they are', async () => {
    expect(await rig.ask(undefined, 'GET', 'health')).toMatchObject({ status: 200, body: { status: 'ok', clickhouse: 'away' } });
  });
});

describe('what is wrong with a request', () => {
  it('is told member by member', async () => {
    const answer = await rig.get('viewer', 'sessions?limit=0&verdict=maybe&since=yesterday&nope=1');
    expect(answer).toMatchObject({ status: 400, type: 'application/problem+json', body: { code: 'bad-request' } });
    const { errors } = answer.body as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path).sort()).toEqual(['', 'limit', 'since', 'verdict']);
  });

  it.each([
    ['a cursor that is none', 'sessions?cursor=abc', 400],
    ['a path that is none', 'nothing/here', 404],
    ['an id that is none', 'sessions/xyz', 400],
    ['a day that is none', 'sessions?until=2026-02-30', 400],
    ['an instant without an offset', 'sessions?until=2026-02-03T10:00:00', 400],
    ['a number of a statement below 0', `statements?cursor=${cursorOf([1, first, -1])}`, 400],
  ])('is a problem too: %s', async (_, path, status) => {
    const answer = await rig.get('viewer', path);
    expect(answer).toMatchObject({ status, type: 'application/problem+json' });
  });

  it('is a problem too: a body that is no JSON', async () => {
    const response = await fetch(`${rig.url}/api/v1/login/code`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"code": secret',
    });
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/problem+json; charset=utf-8']);
    expect(text).not.toContain('secret');
  });
});
