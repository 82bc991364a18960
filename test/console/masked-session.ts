import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type EventOf, type Principal, uuidv7 } from '#events';
import { type Draft, Journal, openSegmentLog } from '#event-log';
import { statementFacts } from '../recorded-session/index.js';

const hash = 'a'.repeat(64);
const sql = 'SELECT name, ssn\nFROM people';
const names = ['Ada', 'Bob'];

/** Writes down a session, in an outbox of its own, in which somebody read two people whose `ssn` was masked. Resolves to its id. */
export async function recordMaskedSession(dataDir: string): Promise<string> {
  const log = await openSegmentLog({ dir: join(dataDir, 'outbox', 'by-hand'), segmentBytes: 1 << 20 });
  const journal = new Journal(log, { service: 'proxy', version: 'test', now: Date.now, random: randomBytes });
  await journal.start();
  const session = uuidv7(Date.now(), randomBytes(10));
  journal.add(draftsOf(session), 'disk');
  await journal.flush();
  await journal.stop('test');
  await log.close();
  return session;
}

function draftsOf(session: string): Draft[] {
  const query = frame('Q', `${sql}\0`);
  const described = frame('T', `\0\x02${column('name')}${column('ssn')}`);
  const rows = names.map((name) => frame('D', `\0\x02${value(name)}${value('***')}`));
  const rest = [frame('C', `SELECT ${rows.length}\0`), frame('Z', 'I')];
  const handed = [described, ...rows, ...rest];
  const principal: Principal = { groups: ['people'], issuer: 'sallyport', kind: 'human', subject: 'carl' };
  const decided: EventOf<'statement.decided'>['data'] = {
    ...{ n: 0, count: 1, form: 'query', policy: hash, analyzer: 'test', durability: 'strict' },
    ...{ verdict: 'allow', rule: 'people-read', masked: ['public.people.ssn'] },
    on: { catalog: hash, role: 'app_login', searchPath: ['public'], transaction: 'I' },
    statements: [statementFacts('SELECT', { effects: ['read'], reads: ['public.people'], to: sql.length })],
  };
  return [
    {
      type: 'session.opened',
      session,
      data: { client: { address: '127.0.0.1', port: 4711 }, parameters: [], database: 'app', user: 'carl' },
    },
    {
      type: 'session.authenticated',
      session,
      data: {
        ...{ principal, method: 'service-token', login: 'app_login', target: 'main', database: 'app' },
        ...{ durability: 'strict', policy: hash },
      },
    },
    {
      type: 'session.ready',
      session,
      data: { backend: 1, catalog: hash, serverVersion: '18.1', settings: [], role: 'app_login', searchPath: ['public'] },
    },
    {
      type: 'statement.decided',
      session,
      data: decided,
      parts: [{ name: 'sql', bytes: [query] }],
      wire: [{ dir: 'c', from: 0, msgs: `Q${query.length}`, to: query.length }],
    },
    {
      type: 'statement.completed',
      session,
      data: {
        ...{ n: 0, outcome: 'ok', tag: `SELECT ${rows.length}`, rows: rows.length, bytes: Buffer.concat(rows).length },
        columns: [
          { name: 'name', type: 25 },
          { name: 'ssn', type: 25, masked: 'redact' },
        ],
      },
      parts: [
        { name: 'rows', bytes: rows },
        { name: 'wire', bytes: [described, ...rest] },
      ],
      wire: [
        {
          ...{ dir: 's', from: 0, to: Buffer.concat(handed).length },
          msgs: handed.map((one) => `${one.toString('latin1', 0, 1)}${one.length}`).join(' '),
        },
      ],
    },
    {
      type: 'session.closed',
      session,
      data: { client: query.length, server: Buffer.concat(handed).length, reason: 'client-terminated', statements: 1 },
    },
  ];
}

function frame(type: string, body: string): Buffer {
  const header = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, Buffer.from(body, 'latin1')]);
}
/** A column of type text, in text format. */
const column = (name: string): string => `${name}\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0`;
const value = (text: string): string => `\0\0\0${String.fromCharCode(text.length)}${text}`;
