import 'reflect-metadata';
import { agent, binding, RecordedSession } from '../fixtures/recorded.js';
import { Rig, type Who } from '../fixtures/rig.js';

const never = Date.UTC(2100, 0, 1);
let rig: Rig;
let numbered = 0;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(() => rig.stop());

/** A statement of an agent is held. @returns the approval's id */
const held = async (until = never, subject?: string): Promise<string> => {
  const i = (++numbered).toString(16).padStart(4, '0');
  const approval = `01936f01-0000-7000-8000-00000000${i}`;
  await rig.happens(new RecordedSession(`01936f00-0000-7000-8000-00000000${i}`, subject).held(approval, until).drafts);
  return approval;
};
const vote = (who: Who, id: string, kind: string, body: object = {}) => rig.ask(who, 'POST', `approvals/${id}/${kind}`, body);

describe('an approval', () => {
  it('shows an approver what exactly is held', async () => {
    const id = await held();
    expect(await rig.get('approver', `approvals/${id}`)).toMatchObject({
      status: 200,
      body: {
        approval: {
          ...{
            id,
            outcome: 'waiting',
            principal: agent,
            actors: [],
            approvers: ['approvers'],
            binding,
            rule: 'deletes-wait',
            role: 'app_ro',
          },
          sql: "DELETE FROM people WHERE name = 'Ada'",
          parameters: null,
          votes: [],
        },
      },
    });
    expect(await rig.get('viewer', `approvals/${id}`)).toMatchObject({ body: { approval: { id, sql: null } } });
  });

  it('says why it was held, and which step asked last', async () => {
    const session = new RecordedSession('01936f00-0000-7000-8000-0000000000f0');
    const approval = '01936f01-0000-7000-8000-0000000000f0';
    await rig.happens(session.held(approval, never, 'no key bounds it').held(approval, never, 'nobody has decided yet').drafts);
    const [, last] = session.drafts.flatMap(({ type }, seq) => (type === 'statement.held' ? [seq] : []));
    expect(await rig.get('viewer', `approvals/${approval}`)).toMatchObject({
      body: { approval: { n: 1, seq: last, reason: 'no key bounds it' } },
    });
  });

  it('takes no reason that no event can hold', async () => {
    expect(await vote('approver', await held(), 'grant', { reason: 'half \ud83d of a face' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'reason' }] },
    });
  });

  it('is granted by a vote that is on disk before it is answered', async () => {
    const id = await held();
    const answer = await vote('approver', id, 'grant', { reason: 'ticket 7', binding });
    const anna = { issuer: 'sallyport', subject: 'anna' };
    expect(answer).toMatchObject({
      status: 200,
      body: { approval: { outcome: 'granted', votes: [{ kind: 'granted', by: anna, reason: 'ticket 7' }] } },
    });
    const votes = (await rig.record()).filter(
      ({ type, data }) => type === 'approval.granted' && 'approval' in data && data.approval === id,
    );
    expect(votes.map(({ data }) => data)).toEqual([
      { approval: id, binding, by: anna, groups: ['approvers'], reason: 'ticket 7' },
    ]);
  });

  it('is denied for good by one vote', async () => {
    const id = await held();
    expect(await vote('approver', id, 'deny')).toMatchObject({ status: 200, body: { approval: { outcome: 'denied' } } });
    expect(await vote('approver', id, 'grant')).toMatchObject({ status: 409, body: { code: 'no-longer-waiting' } });
  });

  it('waits again when its grant is taken back', async () => {
    const id = await held();
    await vote('approver', id, 'grant');
    expect(await vote('approver', id, 'withdraw')).toMatchObject({ status: 200, body: { approval: { outcome: 'waiting' } } });
  });

  it('is never voted on by who asked, whatever their groups; they may take it back', async () => {
    const id = await held();
    // The agent of the test is in the group of approvers.
    expect(await vote('agent', id, 'grant')).toMatchObject({ status: 403, body: { code: 'own-statement' } });
    expect(await vote('agent', id, 'deny')).toMatchObject({ status: 403, body: { code: 'own-statement' } });
    expect(await vote('agent', id, 'withdraw')).toMatchObject({ status: 200, body: { approval: { outcome: 'withdrawn' } } });
  });

  it('is not voted on from outside of its groups, not even by an admin', async () => {
    expect(await vote('admin', await held(), 'grant')).toMatchObject({ status: 403, body: { code: 'not-an-approver' } });
    expect(await vote('responder', await held(), 'grant')).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  });

  it('takes no vote on something else, none after its time, and none where it is not known', async () => {
    expect(await vote('approver', await held(), 'grant', { binding: 'c'.repeat(64) })).toMatchObject({
      status: 409,
      body: { code: 'held-for-something-else' },
    });
    expect(await vote('approver', await held(Date.now()), 'grant')).toMatchObject({
      status: 409,
      body: { detail: 'It is expired.' },
    });
    expect(await vote('approver', '01936f01-0000-7000-8000-0000000000ff', 'grant')).toMatchObject({ status: 404 });
  });

  it('is listed while it waits, and with all others when asked', async () => {
    const id = await held();
    const ids = async (query: string): Promise<string[]> =>
      ((await rig.get('approver', `approvals?${query}`)).body as { items: { id: string }[] }).items.map((one) => one.id);
    expect(await ids('limit=200')).toContain(id);
    await vote('approver', id, 'deny');
    expect(await ids('limit=200')).not.toContain(id);
    expect((await ids('outcome=all&limit=1'))[0]).toBe(id);
  });
});
