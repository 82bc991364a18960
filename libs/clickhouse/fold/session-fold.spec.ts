import type { Event } from '#events';
import { sessionId, Story, threeSessions } from '../../../test/clickhouse/story.js';
import type { StatementRow } from '../rows.js';
import { SessionFold, SessionGap, type SessionRows } from './session-fold.js';

/** The last version of every row, after the events came in pieces of these lengths. */
function folded(session: string, events: readonly Event[], pieces: readonly number[]): { rows: SessionRows; fold: SessionFold } {
  const fold = new SessionFold(session);
  const statements = new Map<number, StatementRow>();
  const texts = new Map<number, SessionRows['texts'][number]>();
  let last: SessionRows | undefined;
  const take = (): void => {
    last = fold.take();
    for (const row of last?.statements ?? []) statements.set(row.n, row);
    for (const row of last?.texts ?? []) texts.set(row.n, row);
  };
  const mine = events.filter((event) => event.session === session);
  for (let at = 0, i = 0; at < mine.length; i++) {
    const piece = pieces[i % pieces.length] ?? 1;
    for (const event of mine.slice(at, at + piece)) fold.apply(event);
    at += piece;
    take();
  }
  if (!last) throw new Error('no events');
  return { fold, rows: { session: last.session, statements: [...statements.values()], texts: [...texts.values()] } };
}

describe('a session, folded', () => {
  const { events } = threeSessions();

  it('is one row with who, where, what was counted, and how it ended', () => {
    expect(folded(sessionId(2), events, [100]).rows.session).toMatchObject({
      version: 8,
      status: 'closed',
      reason: 'client-terminated',
      user: 'ann',
      subject: 'ann',
      kind: 'agent',
      application: 'psql',
      target: 'main',
      database: 'shop',
      login: 'billing',
      serverVersion: '18.4',
      statements: 3,
      allowed: 2,
      denied: 1,
      held: 0,
      rows: 1,
      missingEvents: 0,
      tailUnknown: false,
    });
  });

  it('has a row for each statement of a Query string, with its place in the text', () => {
    const { statements } = folded(sessionId(2), events, [100]).rows;
    expect(
      statements.map(({ n, verb, textN, textFrom, textTo, outcome }) => [n, verb, textN, textFrom, textTo, outcome]),
    ).toEqual([
      [1, 'SELECT', 1, 0, 26, 'ok'],
      [2, 'UPDATE', 1, 27, 51, 'ok'],
      [3, 'DROP TABLE', 3, null, null, 'refused'],
    ]);
  });

  it('gives executions the text of what prepared them', () => {
    const { statements, texts } = folded(sessionId(1), events, [100]).rows;
    expect(statements.map(({ n, textN }) => [n, textN])).toEqual([
      [1, 1],
      [3, 2],
      [4, 2],
    ]);
    expect(texts.map(({ n }) => n)).toEqual([1, 2]);
  });

  it('does not take for the text of a Bind what was skipped behind it', () => {
    const story = new Story();
    story.open(sessionId(1), 'ann');
    story.decide(sessionId(1), 2, { form: 'bind', prepared: 1, verdict: 'deny' }, 'SELECT skipped');
    const { statements, texts } = folded(sessionId(1), story.events, [100]).rows;
    expect(statements.map(({ n, textN }) => [n, textN])).toEqual([[2, 1]]);
    expect(texts).toEqual([]);
  });

  it('keeps when a held statement was first decided, and takes its last verdict', () => {
    const { statements } = folded(sessionId(3), events, [100]).rows;
    expect(statements[0]).toMatchObject({
      n: 1,
      seq: 3,
      verdict: 'allow',
      rule: 'mass-delete',
      approval: sessionId(99),
      heldUntil: 1_790_000_100_000,
      outcome: 'error',
      sqlstate: '40001',
    });
  });

  it('shows a statement that never completed as such', () => {
    const { rows } = folded(sessionId(3), events, [100]);
    expect(rows.statements[1]).toMatchObject({ n: 2, verdict: 'allow', outcome: null, endedAt: null });
    expect(rows.session).toMatchObject({ status: 'open', endedAt: null });
  });

  it.each([[[1]], [[2, 1, 3]], [[5]], [[4, 7]]])('is the same in pieces of %j', (pieces) => {
    for (const session of [sessionId(1), sessionId(2), sessionId(3)])
      expect(folded(session, events, pieces).rows).toEqual(folded(session, events, [100]).rows);
  });

  it('does not change when events come again', () => {
    const { fold, rows } = folded(sessionId(1), events, [3]);
    for (const event of events) if (event.session === sessionId(1)) fold.apply(event);
    expect(fold.take()).toEqual({ session: rows.session, statements: [], texts: [] });
  });

  it('raises a gap, and counts what is missing when told to go on', () => {
    const story = new Story();
    story.open(sessionId(1), 'ann');
    story.decide(sessionId(1), 1, {}, 'SELECT 1');
    story.complete(sessionId(1), 1);
    const [opened, , , , completed] = story.events;
    if (!opened || !completed) throw new Error('no events');
    const fold = new SessionFold(sessionId(1));
    fold.apply(opened);
    expect(() => {
      fold.apply(completed);
    }).toThrow(new SessionGap(sessionId(1), 1, 4));
    fold.applyOverGap(completed);
    expect(fold.take()).toMatchObject({
      session: { version: 4, missingEvents: 3 },
      statements: [{ n: 1, verdict: null, outcome: 'ok' }],
    });
  });
});
