import 'reflect-metadata';
import { agent, binding, RecordedSession } from './testing/recorded.js';
import { type Answer, Rig } from './testing/rig.js';

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

const body = <T>(answer: Answer): T => answer.body as T;
interface Page {
  readonly items: readonly Record<string, unknown>[];
  readonly next: string | null;
  readonly source: string;
  readonly projected_through: readonly { producer: string; pseq: number; ageMs: number }[];
}

describe('sessions, from the log', () => {
  it('are listed newest first, page by page, with what the list knows of the log', async () => {
    const one = await rig.get('viewer', 'sessions?limit=1');
    const page = body<Page>(one);
    expect(one.status).toBe(200);
    expect(page).toMatchObject({ source: 'log', leftOut: 0, items: [{ id: second, live: true, principal: { subject: 'carl' } }] });
    expect(page.projected_through.map(({ ageMs }) => ageMs)).toEqual(page.projected_through.map(() => 0));
    const rest = body<Page>(await rig.get('viewer', `sessions?limit=1&cursor=${page.next ?? ''}`));
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
    expect(body<Page>(await rig.get('auditor', `sessions?${query}`)).items.map(({ id }) => id)).toEqual(ids);
  });

  it('are shown one by one', async () => {
    expect(await rig.get('viewer', `sessions/${first}`)).toMatchObject({ status: 200, body: { session: { id: first, denied: 1 } } });
    expect(await rig.get('viewer', `sessions/${approval}`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});
