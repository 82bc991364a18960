import { alertId, evolve, initialState, rules } from '#detection';
import { type Event, type EventOf, type EventType, parseEvent, serialize, type StatementFacts } from '#events';

const session = '01936f00-0000-7000-8000-000000000001';
const producer = '01936f00-0000-7000-8000-00000000000f';

const facts = (verb: string, over: Partial<StatementFacts> = {}): StatementFacts => ({
  ...{ verb, effects: [], reads: [], writes: ['public.t'], functions: [], unbounded: false, risks: [], from: 0, to: 1 },
  ...over,
});

/** A session's events, written by hand. */
class Script {
  readonly events: Event[] = [];

  constructor(kind: 'agent' | 'human' | 'service' = 'agent') {
    this.event('session.authenticated', {
      principal: { groups: [], issuer: 'https://id.example', kind, subject: 'bot' },
      ...{ method: 'oidc', login: 'app', target: 'main', database: 'shop', durability: 'strict', policy: 'a'.repeat(64) },
    });
  }

  event<T extends EventType>(type: T, data: EventOf<T>['data']): this {
    const seq = this.events.length;
    const event = { at: 1_790_000_000_000 + seq, data, producer, pseq: seq, seq, session, type, v: 1 } as unknown as Event;
    this.events.push(parseEvent(Buffer.from(serialize(event))));
    return this;
  }

  decided(n: number, statements: StatementFacts[], over: Partial<EventOf<'statement.decided'>['data']> = {}): this {
    const usual = {
      form: 'query',
      verdict: 'allow',
      rule: 'r',
      policy: 'a'.repeat(64),
      analyzer: '1',
      durability: 'strict',
    } as const;
    const on = { catalog: 'c'.repeat(64), role: 'app', searchPath: [], transaction: 'I' } as const;
    return this.event('statement.decided', {
      n,
      count: statements.length,
      ...usual,
      on: { ...on, searchPath: [] },
      statements,
      ...over,
    });
  }

  completed(n: number, outcome: EventOf<'statement.completed'>['data']['outcome'] = 'ok'): this {
    return this.event('statement.completed', { n, outcome, rows: 0, bytes: 0 });
  }

  closed(): this {
    return this.event('session.closed', { client: 0, server: 0, reason: 'client-gone', statements: 1 });
  }
}

const alertsOf = (events: readonly Event[]) => {
  let state = initialState(rules, session);
  return events.flatMap((event) => {
    const step = evolve(rules, state, event);
    ({ state } = step);
    return step.alerts;
  });
};
const found = ({ events }: Script) =>
  alertsOf(events).map(({ severity, inputs }) => [severity, ...inputs.map((id) => Number(id.split('/')[1]))]);
const drop = facts('DROP TABLE');

describe('R01, destructive DDL attempted', () => {
  it.each([
    ['denied', new Script().decided(0, [drop], { verdict: 'deny' }).completed(0, 'refused'), [['high', 1]]],
    ['held, then refused', new Script().decided(0, [drop], { verdict: 'hold' }).completed(0, 'refused'), [['high', 1]]],
    [
      'held, then approved',
      new Script().decided(0, [drop], { verdict: 'hold' }).decided(0, [drop], { approval: session }).completed(0),
      [['high', 1]],
    ],
    [
      'held, then denied',
      new Script().decided(0, [drop], { verdict: 'hold' }).decided(0, [drop], { verdict: 'deny' }).completed(0, 'refused'),
      [['high', 1]],
    ],
    ['approved when it was sent again', new Script().decided(1, [drop], { approval: session }).completed(1), []],
    ['allowed and done', new Script().decided(0, [drop]).completed(0), [['critical', 1, 2]]],
    ['allowed and failed', new Script().decided(0, [drop]).completed(0, 'error'), [['high', 1, 2]]],
    ['allowed, its end not known', new Script().decided(0, [drop]).closed(), [['high', 1, 2]]],
    ['twice in one string', new Script().decided(0, [drop, drop]).completed(0).completed(1), [['critical', 1, 2]]],
    [
      'twice, one after the other',
      new Script().decided(0, [drop], { verdict: 'deny' }).decided(1, [drop]).completed(1),
      [
        ['high', 1],
        ['critical', 2, 3],
      ],
    ],
  ] as const)('finds one that was %s', (_, script, expected) => {
    expect(found(script)).toEqual(expected);
  });

  it.each([
    ['TRUNCATE', {}, 1],
    ['DROP OWNED', {}, 1],
    ['ALTER TABLE', { risks: ['drop'] }, 1],
    ['ALTER TABLE', {}, 0],
    ['DELETE', { unbounded: true }, 0],
    ['CREATE TABLE', {}, 0],
    ['DROP TABLE', { writes: ['pg_temp.mine'] }, 0],
    ['DROP TABLE', { writes: ['pg_temp.mine', 'public.t'] }, 1],
  ] as const)('looks at what a statement does: %s %j', (verb, over, count) => {
    const statement = facts(verb, over as Partial<StatementFacts>);
    expect(found(new Script().decided(0, [statement], { verdict: 'deny' }))).toHaveLength(count);
  });

  it.each(['human', 'service'] as const)('is about agents, not about a %s', (kind) => {
    expect(found(new Script(kind).decided(0, [drop], { verdict: 'deny' }))).toEqual([]);
  });
});

describe('an alert', () => {
  const script = new Script().decided(0, [drop], { verdict: 'deny' }).decided(1, [drop]).completed(1).decided(2, [drop]).closed();

  it('has an id that rule, version, principal and first event give', () => {
    expect(alertsOf(script.events).map(({ alert }) => alert)).toEqual(
      [1, 2, 4].map((pseq) => alertId('R01', 1, ['https://id.example', 'bot'], `${producer}/${pseq}`)),
    );
    expect(alertId('R01', 1, ['a', 'b'], 'e')).toBe('f7b20a5641ddbeb1d534098e3bb7f5ff889a129dfad62ee62086b80783ef046d');
  });

  it('is the same when events are delivered again', () => {
    const again = script.events.flatMap((event, i) => [...script.events.slice(Math.max(0, i - 2), i), event]);
    expect(alertsOf(again)).toEqual(alertsOf(script.events));
  });
});
