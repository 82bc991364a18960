import { createHash } from 'node:crypto';
import { type Event, eventHash, type EventOf, type EventType, parseEvent, serialize, type StatementFacts } from '#events';
import type { Recorded, SqlText } from '../recorded.js';

type DataOf<T extends EventType> = EventOf<T>['data'];

/** Text and the facts of it, by hand: a statement `from` to `to` of its string. */
export const facts = (verb: string, over: Partial<StatementFacts> = {}): StatementFacts => ({
  verb,
  effects: [],
  reads: [],
  writes: [],
  functions: [],
  unbounded: false,
  risks: [],
  from: 0,
  to: 0,
  ...over,
});

/** A session written by hand: its events as a log would give them back. */
export class Recording {
  static readonly session = '01936f00-0000-7000-8000-000000000001';
  static readonly producer = '01936f00-0000-7000-8000-00000000000f';
  static readonly policy = 'a'.repeat(64);
  readonly events: Recorded[] = [];

  event<T extends EventType>(type: T, data: DataOf<T>, sql?: SqlText | string): this {
    const seq = this.events.length;
    const { session, producer } = Recording;
    const written = { at: 1_790_000_000_000 + seq, data, producer, pseq: seq + 1, seq, session, type, v: 1 };
    const bytes = Buffer.from(serialize(written as unknown as Event));
    this.events.push({
      event: parseEvent(bytes),
      sha256: createHash('sha256').update(bytes).digest('hex'),
      hash: eventHash(bytes).toString('hex'),
      ...(sql !== undefined && { sql: typeof sql === 'string' ? { kind: 'sql', sql: Buffer.from(sql) } : sql }),
    });
    return this;
  }

  authenticated(kind: 'agent' | 'human' = 'agent'): this {
    return this.event('session.opened', {
      client: { address: '10.1.2.3', port: 51_422 },
      parameters: [],
      database: 'shop',
      user: 'billing-bot',
    }).event('session.authenticated', {
      principal: { groups: ['agents'], issuer: 'https://id.example', kind, subject: 'billing-bot' },
      method: 'oidc',
      token: 'tok-91c2',
      login: 'app_rw',
      target: 'main',
      database: 'shop',
      durability: 'strict',
      policy: Recording.policy,
    });
  }

  prepared(n: number, name: string, sql: string): this {
    const statements = [facts('SELECT', { to: sql.length })];
    return this.event('statement.prepared', { n, name, parameterTypes: [], statements }, sql);
  }

  decided(
    n: number,
    statements: readonly StatementFacts[],
    over: Partial<DataOf<'statement.decided'>> = {},
    sql?: SqlText | string,
  ): this {
    const on = { catalog: 'c'.repeat(64), role: 'app_rw', searchPath: ['public'], transaction: 'I' as const };
    const { policy } = Recording;
    return this.event(
      'statement.decided',
      {
        ...{
          n,
          count: Math.max(1, statements.length),
          form: 'query',
          verdict: 'allow',
          rule: 'reads',
          policy,
          analyzer: 'sql/1',
        },
        ...{ durability: 'strict', on, statements: [...statements], ...over },
      },
      sql,
    );
  }

  completed(n: number, over: Partial<DataOf<'statement.completed'>> = {}): this {
    return this.event('statement.completed', { n, outcome: 'ok', rows: 0, bytes: 0, ...over });
  }

  closed(): this {
    return this.event('session.closed', { client: 0, server: 0, reason: 'client-terminated', statements: 1 });
  }
}
