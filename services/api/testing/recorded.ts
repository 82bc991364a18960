import type { Draft } from '#event-log';

/** Sessions as a proxy would record them, for tests that have no proxy. */

export const agent = { issuer: 'sallyport', subject: 'billing-bot' };
export const hash = 'a'.repeat(64);
export const binding = 'b'.repeat(64);

const frame = (type: string, body: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body, 'latin1')]);
};
const row = (...values: readonly string[]): Buffer =>
  frame(
    'D',
    `\0${String.fromCharCode(values.length)}${values.map((value) => `\0\0\0${String.fromCharCode(value.length)}${value}`).join('')}`,
  );
const column = (name: string): string => `${name}\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0`;
const runs = (frames: readonly Buffer[]): string =>
  frames.map((bytes) => `${bytes.toString('latin1', 0, 1)}${bytes.length}`).join(' ');

const facts = { effects: ['read' as const], reads: ['app.people'], writes: [], functions: [], unbounded: false, risks: [] };
const on = { catalog: hash, role: 'app_ro', searchPath: ['app'], transaction: 'I' as const };
const decision = { count: 1, form: 'query', policy: hash, analyzer: '1', durability: 'strict', on } as const;

/** Writes one session down, event by event. */
export class RecordedSession {
  readonly drafts: Draft[] = [];
  private client = 0;
  private server = 0;
  private n = 0;

  constructor(
    readonly id: string,
    private readonly subject = agent.subject,
  ) {
    this.drafts.push(
      {
        type: 'session.opened',
        session: id,
        data: { client: { address: '127.0.0.1', port: 4711 }, parameters: [], database: 'shop', user: subject },
      },
      {
        type: 'session.authenticated',
        session: id,
        data: {
          principal: { groups: ['agents'], issuer: agent.issuer, kind: 'agent', subject },
          ...{ method: 'service-token', login: 'app_ro', target: 'demo', database: 'shop', durability: 'strict', policy: hash },
        },
      },
      {
        type: 'session.ready',
        session: id,
        data: { backend: 99, catalog: hash, serverVersion: '18.1', settings: [], role: 'app_ro', searchPath: ['app'] },
      },
    );
  }

  /** Reads two columns of people, the second of which is masked. */
  read(names: readonly string[]): this {
    const sql = 'SELECT name, ssn FROM people';
    const n = this.decided(sql, {
      verdict: 'allow',
      rule: 'agents-read',
      statements: [{ ...facts, verb: 'SELECT', from: 0, to: 28 }],
    });
    const rows = names.map((name) => row(name, '***'));
    const described = frame('T', `\0\x02${column('name')}${column('ssn')}`);
    const wire = [described, frame('C', `SELECT ${rows.length}\0`), frame('Z', 'I')];
    this.drafts.push({
      type: 'statement.completed',
      session: this.id,
      data: {
        ...{ n, outcome: 'ok', tag: `SELECT ${rows.length}`, rows: rows.length, bytes: Buffer.concat(rows).length },
        columns: [
          { name: 'name', type: 25 },
          { name: 'ssn', type: 25, masked: 'redact' },
        ],
      },
      parts: [
        { name: 'rows', bytes: rows },
        { name: 'wire', bytes: wire },
      ],
      wire: [this.handed([described, ...rows, ...wire.slice(1)])],
    });
    return this;
  }

  /** A DROP that a rule refuses. */
  refused(): this {
    const statements = [
      { ...facts, reads: [], writes: ['app.people'], effects: ['ddl' as const], verb: 'DROP TABLE', from: 0, to: 17 },
    ];
    const n = this.decided('DROP TABLE people', { verdict: 'deny', rule: 'no-drops', sqlstate: '42501', statements });
    const wire = [frame('E', 'SERROR\0VERROR\0C42501\0Mrule no-drops refuses this\0\0'), frame('Z', 'I')];
    this.drafts.push({
      type: 'statement.completed',
      session: this.id,
      data: { n, outcome: 'refused', rows: 0, bytes: 0, sqlstate: '42501' },
      parts: [{ name: 'wire', bytes: wire }],
      wire: [this.handed(wire)],
    });
    return this;
  }

  /** A DELETE that waits for a human. */
  held(approval: string, until: number): this {
    const sql = "DELETE FROM people WHERE name = 'Ada'";
    const statements = [
      { ...facts, reads: [], writes: ['app.people'], effects: ['write' as const], verb: 'DELETE', from: 0, to: 37 },
    ];
    const n = this.decided(sql, { verdict: 'hold', rule: 'deletes-wait', approval, statements });
    this.drafts.push({
      type: 'statement.held',
      session: this.id,
      data: { n, approval, approvers: ['approvers'], binding, mode: 'wait', quorum: 1, until },
    });
    return this;
  }

  closed(): this {
    this.drafts.push({
      type: 'session.closed',
      session: this.id,
      data: { client: this.client, server: this.server, reason: 'client-terminated', statements: this.n },
    });
    return this;
  }

  private decided(
    sql: string,
    data: Omit<Extract<Draft, { type: 'statement.decided' }>['data'], keyof typeof decision | 'n'>,
  ): number {
    const query = frame('Q', `${sql}\0`);
    const n = this.n++;
    const from = this.client;
    this.client += query.length;
    this.drafts.push({
      type: 'statement.decided',
      session: this.id,
      data: { ...decision, n, ...data },
      parts: [{ name: 'sql', bytes: [query] }],
      wire: [{ dir: 'c', from, msgs: runs([query]), to: this.client }],
    });
    return n;
  }

  private handed(frames: readonly Buffer[]) {
    const from = this.server;
    this.server += Buffer.concat(frames).length;
    return { dir: 's' as const, from, msgs: runs(frames), to: this.server };
  }
}
