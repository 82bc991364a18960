import { randomBytes } from 'node:crypto';
import { type EventOf, type StatementFacts, uuidv7 } from '#events';
import { type Draft, Journal, type LogWriter } from '#event-log';

type DataOf<T extends Draft['type']> = EventOf<T>['data'];

const start = 1_790_000_000_000;

/** The facts of a statement that has nothing special, from the first byte of its text to `to`. */
export const statementFacts = (verb: string, over: Partial<StatementFacts> = {}): StatementFacts => ({
  ...{ verb, effects: [], reads: [], writes: [], functions: [], unbounded: false, risks: [], from: 0, to: 0 },
  ...over,
});

/** Query and Parse, as a client sends them. */
export const queryFrame = (sql: string): Buffer => frame('Q', Buffer.from(`${sql}\0`));
export const parseFrame = (name: string, sql: string): Buffer => frame('P', Buffer.from(`${name}\0${sql}\0\0\0`));

function frame(type: string, body: Buffer): Buffer {
  const header = Buffer.from([...Buffer.from(type), 0, 0, 0, 0]);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

/** A session whose events are written to a log by hand, as the proxy writes them: what is added comes with the next `commit`. */
export class RecordedSession {
  readonly id = uuidv7(start, randomBytes(10));
  private drafts: Draft[] = [];

  private constructor(private readonly journal: Journal) {}

  /** Opens a session in a producer's life of its own. */
  static async open(log: LogWriter, kind: 'agent' | 'human' = 'agent'): Promise<RecordedSession> {
    let now = start;
    const journal = new Journal(log, { service: 'proxy', version: '1', now: () => now++, random: randomBytes });
    await journal.start();
    return new RecordedSession(journal)
      .add('session.opened', {
        client: { address: '127.0.0.1', port: 40_000 },
        parameters: [],
        database: 'shop',
        user: 'billing-bot',
      })
      .add('session.authenticated', {
        principal: { groups: ['agents'], issuer: 'https://id.example', kind, subject: 'billing-bot' },
        ...{ method: 'oidc', login: 'app', target: 'main', database: 'shop', durability: 'strict', policy: 'a'.repeat(64) },
      });
  }

  add<T extends Draft['type']>(type: T, data: DataOf<T>, sql?: Buffer): this {
    const parts = sql && { parts: [{ name: 'sql', bytes: [sql] }] };
    this.drafts.push({ type, session: this.id, data, ...parts } as unknown as Draft);
    return this;
  }

  decided(n: number, statements: readonly StatementFacts[], over: Partial<DataOf<'statement.decided'>> = {}, sql?: Buffer): this {
    const on = { catalog: 'c'.repeat(64), role: 'app', searchPath: ['public'], transaction: 'I' as const };
    const count = Math.max(1, statements.length);
    const usual = {
      form: 'query',
      verdict: 'allow',
      rule: 'reads',
      policy: 'a'.repeat(64),
      analyzer: 'sql/1',
      durability: 'strict',
    } as const;
    const data = { n, count, ...usual, on, statements: [...statements], ...over };
    return this.add('statement.decided', data, sql);
  }

  completed(n: number, outcome: DataOf<'statement.completed'>['outcome'] = 'ok'): this {
    return this.add('statement.completed', { n, outcome, rows: 0, bytes: 0 });
  }

  closed(): this {
    return this.add('session.closed', { client: 0, server: 0, reason: 'client-terminated', statements: 0 });
  }

  /** Writes what was added, all in one commit. */
  async commit(): Promise<this> {
    const drafts = this.drafts;
    this.drafts = [];
    this.journal.add(drafts, 'disk');
    await this.journal.flush();
    return this;
  }
}
