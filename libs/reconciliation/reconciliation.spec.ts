import { type Event, type EventOf, type EventType, eventId } from '#events';
import { type Judgement, place, Reconciliation, type Rules } from '#reconciliation';

const proxy = '01936f00-0000-7000-8000-00000000000a';
const reconciler = '01936f00-0000-7000-8000-00000000000b';
const session = '01936f00-0000-7000-8000-000000000001';
const other = '01936f00-0000-7000-8000-000000000002';
const t0 = 1_790_000_000_000;
const second = 1_000;

/** Events by hand; `at` counts from t0. */
let pseq = 0;
const event = <T extends EventType>(type: T, at: number, data: EventOf<T>['data'], of = proxy): Event =>
  ({
    at: t0 + at,
    data,
    producer: of === session || of === other ? proxy : of,
    pseq: pseq++,
    seq: 0,
    session: of,
    type,
    v: 1,
  }) as Event;
const started = event('producer.started', -60 * second, { service: 'proxy', boot: 1, version: '1' });
const connected = (backend: number, at: number, of?: string): Event =>
  event('proxy.connected', at, {
    ...{ target: 'main', database: 'shop', login: 'app', backend, us: 20_000 },
    ...(of === undefined ? { purpose: 'catalog' } : { purpose: 'session', session: of }),
  });
const closed = (of: string, at: number): Event =>
  event('session.closed', at, { client: 0, server: 0, reason: 'client-terminated', statements: 0 }, of);

type Observed = EventOf<'native.observed'>['data'];
/** What a server logs of one backend; times by its own clock, which may be ahead. */
function logged(pid: number, at: number, over: Partial<Observed> = {}, statements: readonly string[] = []): Event[] {
  const start = Math.floor((t0 + at) / second) * second;
  const place = { target: 'main', file: 'f', head: 'a'.repeat(64), from: 0, to: 1, format: 'jsonlog' } as const;
  const served = { user: 'app', database: 'shop', application: 'shop-api', client: { host: '10.0.0.7', port: 4711 } };
  const records: Partial<Observed>[] = [
    { tells: 'connection', backend: 'not initialized' },
    { tells: 'authorization', command: 'authentication', ...served },
    ...statements.map((command) => ({ tells: 'statement' as const, command, ...served })),
    { tells: 'disconnection', command: 'idle', ...served },
  ];
  return records.map((record, i) => {
    const data = {
      ...place,
      time: t0 + at + i,
      pid,
      start,
      line: i + 1,
      backend: 'client backend',
      severity: 'LOG',
      ...record,
      ...over,
    };
    return event('native.observed', at + 5_000, data as Observed, reconciler);
  });
}

const rules: Rules = {
  skewMs: 5 * second,
  exceptions: [{ name: 'backup', covers: ({ user, client }) => user === 'backup' && client?.host === '10.0.0.9' }],
};
const judge = (events: readonly Event[], over: Partial<Rules> = {}): Judgement[] => {
  const reconciliation = new Reconciliation('main', { ...rules, ...over });
  for (const one of events) reconciliation.take(one);
  return reconciliation.judge(t0 + 3_600 * second);
};
/** What was said of each pid. */
const verdicts = (judgements: readonly Judgement[]): unknown[] =>
  judgements.map(({ type, data }) => [
    data.pid,
    type === 'bypass.found' ? [data.what, data.command].filter(Boolean).join(' ') : data.by.kind,
  ]);

describe('a reconciliation', () => {
  it('explains the backends of sessions, the proxy itself and exceptions, and finds the others with their statements', () => {
    const direct = logged(103, 4_000, { user: 'postgres', application: 'psql' }, ['SELECT', 'DELETE']);
    const events = [
      started,
      connected(100, 1_000, session),
      ...[...logged(100, 980, {}, ['SELECT']), connected(101, 2_000), ...logged(101, 1_990)],
      ...logged(102, 3_000, { user: 'backup', client: { host: '10.0.0.9' } }, ['COPY']),
      ...direct,
    ];
    const judgements = judge(events);
    expect(verdicts(judgements)).toEqual([
      ...[
        [100, 'session'],
        [101, 'proxy'],
        [102, 'exception'],
        [103, 'connection'],
        [103, 'statement SELECT'],
        [103, 'statement DELETE'],
      ],
    ]);
    expect(judgements[3]?.data).toEqual({
      ...{ finding: expect.stringMatching(/^[0-9a-f]{64}$/) as string, target: 'main', what: 'connection', pid: 103 },
      ...{ start: t0 + 4_000, time: t0 + 4_001, user: 'postgres', database: 'shop', application: 'psql' },
      client: { host: '10.0.0.7', port: 4711 },
      inputs: direct.slice(0, 2).map((one) => eventId(one)),
    });
  });

  it.each([
    ['who never got in', { tells: 'connection' as const }],
    ['who was refused', { tells: 'error' as const, severity: 'FATAL', sqlstate: '28P01', command: 'authentication' }],
    ['that is the server itself', { backend: 'autovacuum worker' }],
  ])('does not look for a session of one %s', (_, over) => {
    expect(judge([started, ...logged(100, 1_000, over)])).toEqual([]);
  });

  it('says nothing of what was there before the first proxy', () => {
    expect(judge([started, ...logged(100, -120 * second)])).toEqual([]);
  });

  it.each([-5, -2, 2, 5])('takes a clock that is %i s off for right', (seconds) => {
    expect(verdicts(judge([started, connected(100, 1_000, session), ...logged(100, 980 + seconds * second)]))).toEqual([
      [100, 'session'],
    ]);
  });

  it('takes a clock that is further off than the tolerance for another connection', () => {
    expect(verdicts(judge([started, connected(100, 1_000, session), ...logged(100, 9_980)]))).toEqual([[100, 'connection']]);
  });

  it('tells the backends of a pid that is used again apart, also within the tolerance', () => {
    const events = [
      ...[started, connected(100, 1_000, session), ...logged(100, 980), closed(session, 1_500)],
      ...logged(100, 4_000, { user: 'postgres' }),
      ...[connected(100, 90_000, other), ...logged(100, 89_990)],
    ];
    const judgements = judge(events);
    expect(verdicts(judgements)).toEqual([
      [100, 'session'],
      [100, 'connection'],
      [100, 'session'],
    ]);
    expect(judgements.map(({ data }) => ('by' in data && data.by.kind === 'session' ? data.by.session : data.start))).toEqual([
      ...[session, t0 + 4_000, other],
    ]);
  });

  it('judges nothing before its time, and each thing once', () => {
    const reconciliation = new Reconciliation('main', rules);
    for (const one of [started, ...logged(100, 1_000, { user: 'postgres' }, ['SELECT'])]) reconciliation.take(one);
    expect(reconciliation.judge(t0 + 6_000)).toEqual([]);
    expect(reconciliation.wouldFind(t0 + 6_001)).toBe(true);
    expect(verdicts(reconciliation.judge(t0 + 6_001))).toEqual([
      [100, 'connection'],
      [100, 'statement SELECT'],
    ]);
    expect(reconciliation.judge(t0 + 60_000)).toEqual([]);
    expect(reconciliation.tally).toEqual({ records: 4, sessions: 0, exceptions: 0, findings: 2 });
  });

  it('comes to the same in whatever order the events are read, and if they are read twice', () => {
    const events = [
      ...[
        started,
        connected(100, 1_000, session),
        ...logged(100, 980, {}, ['SELECT']),
        closed(session, 1_500),
        connected(101, 2_000),
      ],
      ...[...logged(101, 1_990), ...logged(100, 4_000, { user: 'postgres' }, ['SELECT', 'DROP']), ...logged(104, 7_000)],
    ];
    const expected = judge(events);
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 50; round++) {
      const shuffled = [...events, ...events]
        .map((one) => ({ one, by: random() }))
        .sort((a, b) => a.by - b.by)
        .map(({ one }) => one);
      expect(judge(shuffled)).toEqual(expected);
    }
  });
});

describe('one timeline of both', () => {
  const steps = [
    event('session.authenticated', 0, {} as never, session),
    event('session.ready', 100, {} as never, session),
    event('session.closed', 900, {} as never, session),
  ].map((one, seq) => ({ ...one, seq }));
  const native = (ahead: number): Observed[] =>
    logged(100, 50 + ahead, {}, ['SELECT']).flatMap((one, i) =>
      one.type === 'native.observed' ? [{ ...one.data, time: t0 + ahead + ([10, 90, 400, 880][i] ?? 0) }] : [],
    );

  it.each([0, -3_000, 4_000])('puts the records of a server whose clock is %i ms ahead where they belong', (ahead) => {
    const placed = place(steps, native(ahead));
    expect(placed.map(({ after }) => after)).toEqual([0, 0, 1, 1]);
  });
});
