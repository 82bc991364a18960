import { randomBytes } from 'node:crypto';
import { type Draft, Journal, type LogWriter } from '#event-log';

export const approval = '01936f01-0000-7000-8000-0000000000aa';
export const sessions = ['01936f00-0000-7000-8000-000000000001', '01936f01-0000-7000-8000-000000000002'] as const;

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

const hash = 'a'.repeat(64);
export const sql = 'SELECT name, ssn FROM people\n-- \u001b[31mred';

/** The story of one session: it opens, reads two rows of which a column is masked, is refused a DROP, and closes. */
function story(session: string): Draft[] {
  const query = frame('Q', `${sql}\0`);
  const drop = frame('Q', 'DROP TABLE people\0');
  const described = frame('T', `\0\x02${column('name')}${column('ssn')}`);
  const rows = [row('Ada', '***'), row('Bob', '***')];
  const done = [frame('C', 'SELECT 2\0'), frame('Z', 'I')];
  const refused = [frame('E', 'SERROR\0VERROR\0C42501\0Mrule no-drops refuses this\0\0'), frame('Z', 'I')];
  const facts = { effects: ['read' as const], reads: ['app.people'], writes: [], functions: [], unbounded: false, risks: [] };
  const on = { catalog: hash, role: 'app_ro', searchPath: ['app'], transaction: 'I' as const };
  const decision = { count: 1, form: 'query', policy: hash, analyzer: '1', durability: 'strict', on } as const;
  let client = 0;
  let server = 0;
  const fromClient = (bytes: Buffer, msgs: string) => ({ dir: 'c' as const, from: client, msgs, to: (client += bytes.length) });
  const fromServer = (bytes: readonly Buffer[], msgs: string) => ({
    dir: 's' as const,
    from: server,
    msgs,
    to: (server += Buffer.concat(bytes).length),
  });
  return [
    {
      type: 'session.opened',
      session,
      data: { client: { address: '127.0.0.1', port: 4711 }, parameters: [], database: 'shop', user: 'billing-bot' },
    },
    {
      type: 'session.authenticated',
      session,
      data: {
        principal: { groups: ['agents'], issuer: 'https://id.example', kind: 'agent', subject: 'billing-bot' },
        method: 'oidc',
        login: 'app_ro',
        target: 'demo',
        database: 'shop',
        durability: 'strict',
        policy: hash,
      },
    },
    {
      type: 'session.ready',
      session,
      data: { backend: 99, catalog: hash, serverVersion: '18.1', settings: [], role: 'app_ro', searchPath: ['app'] },
    },
    {
      type: 'statement.decided',
      session,
      data: {
        ...decision,
        n: 1,
        verdict: 'allow',
        rule: 'agents-read',
        statements: [{ ...facts, verb: 'SELECT', from: 0, to: 28 }],
      },
      parts: [{ name: 'sql', bytes: [query] }],
      wire: [fromClient(query, `Q${query.length}`)],
    },
    {
      type: 'statement.completed',
      session,
      data: {
        ...{ n: 1, outcome: 'ok', tag: 'SELECT 2', rows: 2, bytes: 42 },
        columns: [
          { name: 'name', type: 25 },
          { name: 'ssn', type: 25, masked: 'redact' },
        ],
      },
      parts: [
        { name: 'rows', bytes: rows },
        { name: 'wire', bytes: [described, ...done] },
      ],
      wire: [fromServer([described, ...rows, ...done], `T${described.length} D${rows[0]?.length ?? 0}*2 C14 Z6`)],
    },
    {
      type: 'statement.decided',
      session,
      data: {
        ...decision,
        n: 2,
        verdict: 'deny',
        rule: 'no-drops',
        statements: [{ ...facts, verb: 'DROP TABLE', from: 0, to: 17 }],
      },
      parts: [{ name: 'sql', bytes: [drop], withheld: 'policy' }],
      wire: [fromClient(drop, `Q${drop.length}`)],
    },
    {
      type: 'statement.completed',
      session,
      data: { n: 2, outcome: 'refused', rows: 0, bytes: 0, sqlstate: '42501' },
      parts: [{ name: 'wire', bytes: refused }],
      wire: [fromServer(refused, `E${refused[0]?.length ?? 0} Z6`)],
    },
    { type: 'session.closed', session, data: { client, server, reason: 'client-terminated', statements: 2 } },
  ];
}

/** A DELETE waits for a human: in the session that is open still. */
function heldStatement(session: string, from: number): Draft[] {
  const query = frame('Q', 'DELETE FROM people\0');
  const facts = { effects: ['write' as const], reads: [], writes: ['app.people'], functions: [], unbounded: true, risks: [] };
  const on = { catalog: hash, role: 'app_ro', searchPath: ['app'], transaction: 'I' as const };
  const decision = { count: 1, form: 'query', policy: hash, analyzer: '1', durability: 'strict', on } as const;
  const statements = [{ ...facts, verb: 'DELETE', from: 0, to: 18 }];
  const approvers = ['approvers'];
  const until = Date.UTC(2100, 0, 1);
  return [
    {
      type: 'statement.decided',
      session,
      data: { ...decision, n: 3, verdict: 'hold', rule: 'deletes-wait', approval, statements },
      parts: [{ name: 'sql', bytes: [query] }],
      wire: [{ dir: 'c', from, msgs: `Q${query.length}`, to: from + query.length }],
    },
    {
      type: 'statement.held',
      session,
      data: { n: 3, approval, approvers, binding: 'b'.repeat(64), mode: 'wait', quorum: 1, until },
    },
  ];
}

/** Writes a hold into the session that `writeSessions` left open, as the same proxy's next life would. */
export async function writeHeld(log: LogWriter): Promise<void> {
  const journal = new Journal(log, { service: 'proxy', version: '0.1.0', now: Date.now, random: randomBytes });
  await journal.start();
  const before = story(sessions[1]).slice(0, -1);
  const client = before.flatMap(({ wire = [] }) => wire).filter(({ dir }) => dir === 'c');
  journal.resume(sessions[1], before.length);
  journal.add(heldStatement(sessions[1], client.at(-1)?.to ?? 0), 'file');
  await journal.flush();
  await journal.stop('test');
}

/** Writes two sessions into a log: the second is open still. */
export async function writeSessions(log: LogWriter): Promise<void> {
  let now = Date.UTC(2025, 0, 2, 3, 4, 5);
  const journal = new Journal(log, {
    service: 'proxy',
    version: '0.1.0',
    now: () => (now += 1000),
    random: (bytes) => Buffer.alloc(bytes, 7),
  });
  await journal.start();
  journal.add(story(sessions[0]), 'file');
  journal.add(story(sessions[1]).slice(0, -1), 'file');
  await journal.flush();
  await journal.stop('test');
}
