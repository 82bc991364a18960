import type { Event, EventOf, EventType, StatementFacts } from '#events';
import { AccessFold } from './access-fold.js';
import type { AccessReport } from './access-report.js';

const hash = 'a'.repeat(64);
const producer = '01936f00-0000-7000-8000-00000000000a';
const next = '01936f00-0000-7000-8000-00000000000b';
const session = '01936f00-0000-7000-8000-000000000001';
const approval = '01936f00-0000-7000-8000-0000000000aa';
const select: StatementFacts = {
  ...{
    verb: 'SELECT',
    effects: ['read'],
    reads: ['app.people'],
    writes: [],
    functions: [],
    unbounded: false,
    risks: [],
    from: 0,
    to: 1,
  },
};

/** One producer's events: a step of a second between two. */
class Told {
  readonly events: Event[] = [];
  private readonly seqs = new Map<string, number>();
  private pseq = 0;
  constructor(
    readonly producer: string,
    private at: number,
  ) {}

  say<T extends EventType>(type: T, data: EventOf<T>['data'], key = session, wire?: Event['wire']): this {
    const seq = this.seqs.get(key) ?? 0;
    this.seqs.set(key, seq + 1);
    this.at += 1000;
    const event = {
      at: this.at,
      data,
      producer: this.producer,
      pseq: this.pseq++,
      seq,
      session: key,
      type,
      v: 1,
      ...(wire && { wire }),
    };
    this.events.push(event as unknown as Event);
    return this;
  }
  started(previous?: { producer: string; pseq: number }): this {
    return this.say(
      'producer.started',
      { service: 'proxy', boot: 1, version: '0', ...(previous && { previous }) },
      this.producer,
    );
  }
  opened(key = session): this {
    return this.say(
      'session.opened',
      { client: { address: '::1', port: 1 }, parameters: [], database: 'shop', user: 'bot' },
      key,
    ).say(
      'session.authenticated',
      {
        principal: { groups: [], issuer: 'https://id', kind: 'agent', subject: 'bot' },
        ...{ method: 'oidc', login: 'app', target: 'demo', database: 'shop', durability: 'strict', policy: hash },
      },
      key,
    );
  }
  decided(n: number, verdict: 'allow' | 'deny' | 'hold', more: Partial<EventOf<'statement.decided'>['data']> = {}): this {
    const on = { catalog: hash, role: 'app_ro', searchPath: [], transaction: 'I' as const };
    const about = { count: 1, form: 'query', rule: 'r', policy: hash, analyzer: '1', durability: 'strict' } as const;
    return this.say('statement.decided', { n, verdict, ...about, on, statements: [select], ...more });
  }
  completed(n: number, outcome: EventOf<'statement.completed'>['data']['outcome'], rows = 0): this {
    return this.say('statement.completed', { n, outcome, rows, bytes: 0 });
  }
  closed(tail?: 'unknown'): this {
    const ends = { client: 0, server: 0, statements: 0, reason: tail ? ('crash' as const) : ('client-gone' as const) };
    return this.say('session.closed', { ...ends, ...(tail && { tail }) });
  }
}

const ever = { since: 0, until: 10_000_000 };
const told = (): Told => new Told(producer, 0).started().opened();
const reportOf = (events: readonly Event[], period = ever): AccessReport => {
  const fold = new AccessFold(period);
  for (const event of events) fold.take(event);
  return fold.report();
};
const row = {
  ...{ issuer: 'https://id', subject: 'bot', kind: 'agent', target: 'demo', database: 'shop', role: 'app_ro' },
  ...{ relation: 'app.people', access: 'read', verb: 'SELECT', verdict: 'allow' },
  ...{ statements: 1, approved: 0, failed: 0, unfinished: 0, masked: 0, rows: 0, firstAt: 4000, lastAt: 4000 },
};
const gaps = (report: AccessReport) => report.gaps.map(({ kind, id, count }) => [kind, id, count]);

describe('the access report', () => {
  it('counts what someone did to a table, and the rows that they were handed', () => {
    const { events } = told()
      .decided(1, 'allow', { masked: ['app.people.ssn'] })
      .completed(1, 'ok', 3)
      .decided(2, 'allow')
      .completed(2, 'error')
      .closed();
    expect(reportOf(events)).toEqual({
      period: ever,
      rows: [{ ...row, statements: 2, failed: 1, masked: 1, rows: 3, lastAt: 6000 }],
      totals: { sessions: 1, statements: 2, allowed: 2, denied: 0, held: 0, rows: 3 },
      gaps: [],
    });
  });

  it('counts a statement under its last verdict, and says that a human approved it', () => {
    const held = { approval, approvers: ['dba'], binding: hash, mode: 'wait' as const, quorum: 1, until: 1 };
    const { events } = told()
      .decided(1, 'hold', { approval })
      .say('statement.held', { n: 1, ...held })
      .decided(1, 'allow', { approval })
      .completed(1, 'ok')
      .decided(2, 'hold')
      .completed(2, 'refused')
      .decided(3, 'deny')
      .completed(3, 'refused')
      .closed();
    const report = reportOf(events);
    expect(report.rows.map(({ verdict, statements, approved }) => [verdict, statements, approved])).toEqual([
      ['allow', 1, 1],
      ['deny', 1, 0],
      ['hold', 1, 0],
    ]);
    expect(report.totals).toEqual({ sessions: 1, statements: 3, allowed: 1, denied: 1, held: 1, rows: 0 });
  });

  it('counts each statement of a string, under every relation that it touches', () => {
    const update = { ...select, verb: 'UPDATE', reads: ['app.people', 'app.orders'], writes: ['app.people'] };
    const { events } = told()
      .decided(1, 'allow', { count: 2, statements: [select, update] })
      .completed(1, 'ok', 2)
      .completed(2, 'ok', 5)
      .closed();
    const { rows, totals } = reportOf(events);
    expect(rows.map(({ relation, access, verb, rows }) => [relation, access, verb, rows])).toEqual([
      ['app.orders', 'read', 'UPDATE', 5],
      ['app.people', 'read', 'SELECT', 2],
      ['app.people', 'read', 'UPDATE', 5],
      ['app.people', 'write', 'UPDATE', 5],
    ]);
    expect(totals).toMatchObject({ statements: 2, rows: 7 });
  });

  it('leaves out what was decided outside of its period', () => {
    const { events } = told().decided(1, 'allow').completed(1, 'ok', 1).decided(2, 'allow').completed(2, 'ok', 1).closed();
    expect(reportOf(events, { since: 6000, until: 6001 })).toMatchObject({
      rows: [{ statements: 1, firstAt: 6000 }],
      totals: { statements: 1 },
    });
    expect(reportOf(events, { since: 20_000, until: 30_000 })).toMatchObject({ rows: [], totals: { sessions: 0 }, gaps: [] });
  });

  it('is the same however often its events come', () => {
    const { events } = told().decided(1, 'allow').completed(1, 'ok', 3).closed();
    expect(reportOf(events.flatMap((event, i) => [event, ...events.slice(0, i + 1)]))).toEqual(reportOf(events));
  });
});

describe('the gaps of the access report', () => {
  it('name a session whose proxy was killed, its statement without an end, and the proxy', () => {
    const first = told().decided(1, 'allow');
    const dead = first.events.length - 1;
    const after = new Told(next, 60_000).started({ producer, pseq: dead });
    const recovered = new Told(next, 61_000)
      .completed(1, 'unknown')
      .closed('unknown')
      .events.map((event, i) => ({ ...event, seq: i + 3, pseq: i + 1 }));
    const report = reportOf([...first.events, ...after.events, ...recovered]);
    expect(gaps(report)).toEqual([
      ['producer-not-stopped', producer, null],
      ['session-tail-unknown', session, null],
      ['statements-unfinished', session, 1],
    ]);
    expect(report.rows).toMatchObject([{ unfinished: 1 }]);
  });

  it('name a session that has no end on record', () => {
    expect(gaps(reportOf(told().decided(1, 'allow').completed(1, 'ok').events))).toEqual([
      ['session-without-end', session, null],
    ]);
  });

  it('name events that are not there, of the session and of its producer', () => {
    const { events } = told().decided(1, 'allow').completed(1, 'ok').closed();
    expect(gaps(reportOf(events.filter(({ type }) => type !== 'statement.completed')))).toEqual([
      ['producer-events-missing', producer, 1],
      ['session-events-missing', session, 1],
      ['statements-unfinished', session, 1],
    ]);
  });

  it('name the last events of a life that the next one found and that are gone', () => {
    const first = told().say('producer.stopped', { reason: 'stopped' }, producer);
    const after = new Told(next, 60_000).started({ producer, pseq: first.events.length + 1 });
    expect(gaps(reportOf([...first.events, ...after.events]))).toContainEqual(['producer-events-missing', producer, 2]);
  });

  it('name bytes that passed while the log was broken', () => {
    const { events } = told()
      .say('wire.recorded', {}, session, [{ dir: 's', from: 0, to: 40, msgs: '', lost: 'log' }])
      .closed();
    expect(gaps(reportOf(events))).toEqual([['session-bytes-lost', session, 40]]);
  });

  it('name records that cannot be read', () => {
    const fold = new AccessFold(ever);
    fold.takeUnreadable();
    expect(gaps(fold.report())).toEqual([['records-unreadable', 'log', 1]]);
  });
});
