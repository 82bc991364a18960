import type { Event, EventOf, EventType } from '#events';
import { evolve, forget, type Holds, noHolds, outcomeOf, pending } from './index.js';

const session = '01936f00-0000-7000-8000-000000000001';
const approval = '01936f00-0000-7000-8000-0000000000aa';
const bound = 'b'.repeat(64);
const until = 10_000;
let pseq = 0;

const event = <T extends EventType>(type: T, data: EventOf<T>['data'], at = 1000): Event =>
  ({ at, data, producer: '01936f00-0000-7000-8000-00000000000f', pseq: pseq++, seq: 0, session, type, v: 1 }) as unknown as Event;

const bot = { issuer: 'https://id', subject: 'billing-bot' };
const alice = { issuer: 'https://id', subject: 'alice' };
const bob = { issuer: 'https://id', subject: 'bob' };

const authenticated = event('session.authenticated', {
  principal: { ...bot, groups: ['agents'], kind: 'agent' },
  ...{ method: 'oidc', login: 'app', target: 'main', database: 'app', durability: 'strict', policy: 'a'.repeat(64) },
});
const held = (more: Partial<EventOf<'statement.held'>['data']> = {}, at = 1000): Event =>
  event('statement.held', { n: 3, approval, approvers: ['dba'], binding: bound, mode: 'retry', quorum: 1, until, ...more }, at);

type VoteType = 'approval.granted' | 'approval.denied' | 'approval.withdrawn';
const vote = (type: VoteType, by = alice, more: Partial<EventOf<VoteType>['data']> = {}, at = 2000): Event =>
  event(type, { approval, binding: bound, by, groups: ['dba'], ...more }, at);

const decided = (verdict: 'allow' | 'deny' | 'hold', n = 3): Event =>
  event('statement.decided', {
    ...{ n, count: 1, form: 'query', verdict, rule: 'r', approval, policy: 'a'.repeat(64), analyzer: '1', durability: 'strict' },
    on: { catalog: 'c'.repeat(64), role: 'app', searchPath: [], transaction: 'I' },
    statements: [],
  });

const given = (...events: readonly Event[]): Holds => events.reduce(evolve, noHolds);
const outcome = (holds: Holds, now = 5000): unknown => {
  const found = holds.approvals.get(approval);
  return found && outcomeOf(found, now);
};

describe('an approval', () => {
  it('waits, and is listed as waiting, until it is voted on', () => {
    const holds = given(authenticated, held());
    expect(outcome(holds)).toBe('waiting');
    expect(pending(holds, 5000)).toEqual([
      {
        id: approval,
        held: {
          session,
          n: 3,
          asker: { principal: bot, actors: [] },
          approvers: ['dba'],
          binding: bound,
          mode: 'retry',
          quorum: 1,
          since: 1000,
          until,
        },
        votes: [],
        consumed: null,
        released: false,
      },
    ]);
    expect(pending(holds, until)).toEqual([]);
  });

  it('is granted by an approver, once the quorum of distinct ones is there', () => {
    const two = given(authenticated, held({ quorum: 2 }), vote('approval.granted'), vote('approval.granted', alice, {}, 2001));
    expect(outcome(two)).toBe('waiting');
    expect(outcome(evolve(two, vote('approval.granted', bob)))).toBe('granted');
  });

  it.each([
    ['by who asked', vote('approval.granted', bot)],
    ['from outside of the groups', vote('approval.granted', alice, { groups: ['dev'] })],
    ['for other bytes', vote('approval.granted', alice, { binding: 'd'.repeat(64) })],
    ['after its time', vote('approval.granted', alice, {}, until)],
  ])('is not granted by a vote %s', (_, cast) => {
    expect(outcome(given(authenticated, held(), cast))).toBe('waiting');
  });

  it('is not granted by a vote that was taken back, whatever the taking back was bound to', () => {
    const takenBack = vote('approval.withdrawn', alice, { binding: 'd'.repeat(64) }, 2500);
    expect(outcome(given(authenticated, held(), vote('approval.granted'), takenBack))).toBe('waiting');
  });

  it('is granted to nobody where the log does not tell who asked', () => {
    expect(outcome(given(held(), vote('approval.granted')))).toBe('waiting');
  });

  it('is denied by one, whoever else granted, and stays so', () => {
    const holds = given(authenticated, held({ quorum: 1 }), vote('approval.granted'), vote('approval.denied', bob));
    expect(outcome(holds)).toBe('denied');
    expect(outcome(holds, until + 1)).toBe('denied');
  });

  it('expires, granted or not', () => {
    expect(outcome(given(authenticated, held()), until)).toBe('expired');
    expect(outcome(given(authenticated, held(), vote('approval.granted')), until)).toBe('expired');
  });

  it('is used up by the first statement that runs under it, not by one that is held or refused', () => {
    const granted = given(authenticated, held(), vote('approval.granted'), decided('hold'), decided('deny'));
    expect(outcome(granted)).toBe('granted');
    const used = [decided('allow', 7), decided('allow', 8)].reduce(evolve, granted);
    expect(outcome(used)).toBe('consumed');
    expect(used.approvals.get(approval)?.consumed).toEqual({ session, n: 7, at: 1000 });
    expect(outcome(used, until)).toBe('consumed');
  });

  it('is withdrawn by who asked, and by a client that waits no longer', () => {
    expect(outcome(given(authenticated, held(), vote('approval.withdrawn', bot)))).toBe('withdrawn');
    const completed = event('statement.completed', { n: 3, outcome: 'cancelled', rows: 0, bytes: 0 });
    const closed = event('session.closed', { client: 0, server: 0, reason: 'client-gone', statements: 0 });
    expect(outcome(given(authenticated, held({ mode: 'wait' }), completed))).toBe('withdrawn');
    expect(outcome(given(authenticated, held({ mode: 'wait' }), closed))).toBe('withdrawn');
    // One that was told to retry got its refusal, and may come back in another session.
    expect(outcome(given(authenticated, held(), completed, closed, vote('approval.granted')))).toBe('granted');
  });

  it('that became a retry is bound anew: votes on the wait are votes on something else', () => {
    const retry = held({ binding: 'e'.repeat(64), until: 90_000 }, 3000);
    const refused = event('statement.completed', { n: 3, outcome: 'refused', rows: 0, bytes: 0 }, 2900);
    const holds = given(authenticated, held({ mode: 'wait' }), vote('approval.granted'), refused, retry);
    expect(outcome(holds, 20_000)).toBe('waiting');
    expect(outcome(evolve(holds, vote('approval.granted', alice, { binding: 'e'.repeat(64) }, 4000)), 20_000)).toBe('granted');
  });

  it('comes out the same in any order of holds and votes, and however often they are read', () => {
    const events = [
      held(),
      vote('approval.granted', alice, {}, 2000),
      vote('approval.denied', bob, {}, 2001),
      vote('approval.granted', bob, {}, 2002),
    ];
    for (const order of permutations(events)) {
      expect(outcome(given(authenticated, ...order, ...order))).toBe('granted');
    }
  });

  it('is forgotten when its time is over', () => {
    const holds = given(authenticated, held(), vote('approval.granted'));
    expect(outcome(forget(holds, until))).toBe('granted');
    expect(outcome(forget(holds, until + 1))).toBeUndefined();
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

describe('a statement of an agent that acts for someone', () => {
  const delegated = event('session.authenticated', {
    principal: { ...alice, groups: ['dba'], kind: 'agent' },
    actors: [bot, { issuer: 'https://id', subject: 'planner' }],
    ...{ method: 'oidc', login: 'app', target: 'main', database: 'app', durability: 'strict', policy: 'a'.repeat(64) },
  });

  it.each([
    ['the one whom it acts for', alice, 'waiting'],
    ['the agent', bot, 'waiting'],
    ['an agent behind it', { issuer: 'https://id', subject: 'planner' }, 'waiting'],
    ['another', bob, 'granted'],
    ['one of that name at another issuer', { ...bot, issuer: 'https://elsewhere' }, 'granted'],
  ])('is voted on by %s: %#', (_, by, expected) => {
    expect(outcome(given(delegated, held(), vote('approval.granted', by)))).toBe(expected);
  });

  it.each([
    ['the one whom it acts for', alice],
    ['the agent', bot],
  ])('can be taken back by %s', (_, by) => {
    expect(outcome(given(delegated, held(), vote('approval.withdrawn', by, { groups: [] })))).toBe('withdrawn');
  });
});
