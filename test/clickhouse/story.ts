import { createHash } from 'node:crypto';
import {
  commitment,
  encodePartRecord,
  type Event,
  type EventOf,
  type EventType,
  type Part,
  serialize,
  type StatementFacts,
  topicOf,
  topics,
} from '#events';
import type { LogRecord } from '#event-log';

/** A hash that says nothing, where a schema asks for one. */
export const anyHash = '0'.repeat(64);

export const select: StatementFacts = {
  verb: 'SELECT',
  effects: ['read'],
  reads: ['public.orders'],
  writes: [],
  functions: [],
  unbounded: false,
  risks: [],
  from: 0,
  to: 0,
};

/** One producer's events and parts, written down as records of the log. */
export class Story {
  readonly events: Event[] = [];
  readonly records: LogRecord[] = [];
  private readonly seqs = new Map<string, number>();

  constructor(
    readonly producer = '019c0000-0000-7000-8000-0000000000aa',
    private at = 1_790_000_000_000,
  ) {}

  /** @param sql the text of the event's part `sql`, as the Query frame that it came in; null: committed to, but not kept */
  say<T extends EventType>(type: T, session: string | undefined, data: EventOf<T>['data'], sql?: string | null): Event {
    const key = session ?? this.producer;
    const seq = this.seqs.get(key) ?? 0;
    this.seqs.set(key, seq + 1);
    const pseq = this.events.length;
    const salt = createHash('sha256').update(`${pseq}`).digest();
    const frame = queryFrame(sql ?? 'SELECT secret');
    const part: Part = {
      alg: 'sha256-salted',
      commit: commitment(salt, [frame]).toString('base64'),
      len: frame.length,
      name: 'sql',
    };
    const event = {
      at: (this.at += 7),
      data,
      ...(sql === undefined ? {} : { parts: [sql === null ? { ...part, withheld: 'policy' } : part] }),
      producer: this.producer,
      pseq,
      seq,
      session: key,
      type,
      v: 1,
    } as unknown as Event;
    if (sql !== undefined) {
      const header = { i: 0, n: sql === null ? 0 : 1, name: 'sql' as const, producer: this.producer, pseq };
      this.records.push({
        topic: topics.parts,
        key,
        value: encodePartRecord(header, salt, sql === null ? Buffer.alloc(0) : frame),
      });
    }
    this.events.push(event);
    this.records.push({ topic: topicOf(type), key, value: Buffer.from(serialize(event), 'utf8') });
    return event;
  }

  /** Opens a session of a principal, up to its first ReadyForQuery. */
  open(session: string, subject: string): void {
    const client = { address: '10.0.0.7', port: 5001 };
    const parameters = [{ name: 'application_name', value: 'psql' }];
    this.say('session.opened', session, { client, parameters, database: 'shop', user: subject });
    this.say('session.authenticated', session, {
      principal: { groups: ['billing'], issuer: 'https://id.example', kind: 'agent', subject },
      method: 'oidc',
      login: 'billing',
      target: 'main',
      database: 'shop',
      durability: 'strict',
      policy: anyHash,
    });
    this.say('session.ready', session, {
      backend: 4711,
      catalog: anyHash,
      serverVersion: '18.4',
      settings: [],
      role: 'billing',
      searchPath: ['public'],
    });
  }

  decide(session: string, n: number, more: Partial<EventOf<'statement.decided'>['data']> = {}, sql?: string | null): void {
    const on = { catalog: anyHash, role: 'billing', searchPath: ['public'], transaction: 'I' as const };
    const base = {
      n,
      count: 1,
      form: 'query' as const,
      verdict: 'allow' as const,
      rule: 'reads',
      policy: anyHash,
      analyzer: '1',
    };
    this.say('statement.decided', session, { ...base, durability: 'strict', on, statements: [select], ...more }, sql);
  }

  complete(session: string, n: number, more: Partial<EventOf<'statement.completed'>['data']> = {}): void {
    this.say('statement.completed', session, { n, outcome: 'ok', tag: 'SELECT 2', rows: 2, bytes: 64, us: 900, ...more });
  }

  close(session: string, statements: number): void {
    this.say('session.closed', session, { client: 100, server: 200, reason: 'client-terminated', statements });
  }
}

function queryFrame(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`, 'utf8');
  const head = Buffer.from([0x51, 0, 0, 0, 0]);
  head.writeUInt32BE(4 + text.length, 1);
  return Buffer.concat([head, text]);
}

/** A session id whose order is that of its number. */
export const sessionId = (i: number): string => `019c0000-0000-7000-8000-${i.toString(16).padStart(12, '0')}`;

/** Three sessions side by side: reads, a pair of statements in one Query, a hold, a refusal, an error, and one that never ends. */
export function threeSessions(): Story {
  const story = new Story();
  const [first, second, third] = [sessionId(1), sessionId(2), sessionId(3)] as const;
  story.say('producer.started', undefined, { service: 'proxy', boot: 1, version: '0.1.0' });
  story.open(first, 'billing-bot');
  story.open(second, 'ann');
  story.decide(first, 1, {}, 'SELECT * FROM orders -- Größe');
  story.complete(first, 1);
  const query = "SELECT 'ä' FROM customers; UPDATE orders SET a = 1;";
  const semicolon = Buffer.byteLength(query.slice(0, query.indexOf(';')));
  const update = { ...select, verb: 'UPDATE', effects: ['write' as const], reads: [], writes: ['public.orders'] };
  const pair = [
    { ...select, reads: ['public.customers'], from: 0, to: semicolon },
    { ...update, from: semicolon + 1, to: Buffer.byteLength(query) - 1 },
  ];
  story.decide(second, 1, { count: 2, statements: pair }, query);
  story.complete(second, 1, { rows: 1, bytes: 10 });
  story.complete(second, 2, { tag: 'UPDATE 3', rows: 0, bytes: 0 });
  story.open(third, 'billing-bot');
  story.say(
    'statement.prepared',
    first,
    { n: 2, name: '', parameterTypes: [], statements: [select] },
    'SELECT * FROM orders WHERE id = $1',
  );
  for (const n of [3, 4]) {
    story.decide(first, n, { form: 'bind', prepared: 2, masked: ['public.orders.card'] });
    story.complete(first, n, { rows: 1, bytes: 32 });
  }
  const approval = sessionId(99);
  story.decide(
    third,
    1,
    { verdict: 'hold', rule: 'mass-delete', approval, statements: [{ ...select, verb: 'DELETE', writes: ['public.orders'] }] },
    'DELETE FROM orders',
  );
  story.say('statement.held', third, {
    n: 1,
    approval,
    approvers: ['dba'],
    binding: anyHash,
    mode: 'wait',
    quorum: 1,
    until: 1_790_000_100_000,
  });
  story.decide(
    second,
    3,
    { verdict: 'deny', rule: 'no-drop', sqlstate: '42501', statements: [{ ...select, verb: 'DROP TABLE', reads: [] }] },
    null,
  );
  story.complete(second, 3, { outcome: 'refused', rows: 0, bytes: 0 });
  story.decide(third, 1, {
    verdict: 'allow',
    rule: 'mass-delete',
    statements: [{ ...select, verb: 'DELETE', writes: ['public.orders'] }],
  });
  story.say('alert.raised', undefined, {
    alert: 'a'.repeat(64),
    rule: 'R01',
    ruleVersion: 1,
    severity: 'high',
    title: 'More rows than ever',
    principal: { issuer: 'https://id.example', subject: 'billing-bot' },
    session: first,
    inputs: [`${story.producer}/1`],
    threshold: '100',
    eventTime: 1_790_000_000_070,
  });
  story.complete(third, 1, { outcome: 'error', sqlstate: '40001', rows: 0, bytes: 0 });
  story.decide(third, 2, {}, 'SELECT pg_sleep(10)');
  story.close(first, 4);
  story.close(second, 3);
  return story;
}
