import { commitment, encodePartRecord, type Event, partChunkBytes } from '#events';
import { absent } from '#siem';
import { parseFrame, queryFrame } from '../../test/recorded-session/index.js';
import { SqlParts } from './sql-parts.js';

const session = '01936f00-0000-7000-8000-000000000001';
const producer = '01936f00-0000-7000-8000-00000000000f';
const salt = Buffer.alloc(32, 7);

/** The records of a part, and the event that it belongs to. */
function written(pseq: number, bytes: Buffer, type: 'statement.prepared' | 'statement.decided' = 'statement.decided') {
  const n = Math.max(1, Math.ceil(bytes.length / partChunkBytes));
  const records = Array.from({ length: n }, (_, i) => ({
    key: session,
    value: encodePartRecord(
      { i, n, name: 'sql', producer, pseq },
      salt,
      bytes.subarray(i * partChunkBytes, (i + 1) * partChunkBytes),
    ),
  }));
  const part = { alg: 'sha256-salted', commit: commitment(salt, [bytes]).toString('base64'), len: bytes.length, name: 'sql' };
  const event = { type, session, producer, pseq, data: { form: 'query' }, parts: [part] } as unknown as Event;
  return { records, event };
}
const sqlOf = (parts: SqlParts, event: Event) => {
  const found = parts.find(event);
  return typeof found === 'object' && found.kind === 'sql' ? found.sql.toString() : found;
};

describe('sql parts', () => {
  it('are put together from their chunks, in any order and delivered twice', () => {
    const long = `SELECT '${'x'.repeat(partChunkBytes)}'`;
    const { records, event } = written(1, queryFrame(long));
    const parts = new SqlParts();
    expect(records).toHaveLength(2);
    for (const record of [...records.slice(1), ...records.slice(1)]) parts.take(record);
    expect(parts.find(event)).toBe('awaited');
    for (const record of records) parts.take(record);
    expect(sqlOf(parts, event)).toBe(long);
  });

  it('give the text of the message that the event is about, not of those dropped behind it', () => {
    const { records, event } = written(
      1,
      Buffer.concat([parseFrame('p', 'SELECT 1'), parseFrame('q', 'SELECT 2')]),
      'statement.prepared',
    );
    const parts = new SqlParts();
    for (const record of records) parts.take(record);
    expect(sqlOf(parts, event)).toBe('SELECT 1');
  });

  it.each([
    ['another message', parseFrame('p', 'SELECT 1')],
    ['half a message', queryFrame('SELECT 1').subarray(0, 8)],
    ['no message', Buffer.from('Q')],
    ['a text with a NUL', queryFrame('SELECT\0 1')],
  ])('give no text where they hold %s', (_, bytes) => {
    const { records, event } = written(1, bytes);
    const parts = new SqlParts();
    for (const record of records) parts.take(record);
    expect(parts.find(event)).toEqual(absent('unreadable'));
  });

  it('are no longer waited for once a later part of the session has come', () => {
    const [early, late] = [written(1, queryFrame('SELECT 1')), written(2, queryFrame('SELECT 2'))];
    const parts = new SqlParts();
    expect(parts.find(early.event)).toBe('awaited');
    for (const record of late.records) parts.take(record);
    expect(parts.find(early.event)).toEqual(absent('missing'));
  });

  it('wait in bounded memory: the oldest goes first', () => {
    const all = [1, 2, 3].map((pseq) => written(pseq, queryFrame('x'.repeat(100))));
    const parts = new SqlParts({ maxBytes: 250 });
    for (const { records } of all) for (const record of records) parts.take(record);
    expect(all.map(({ event }) => typeof parts.find(event) === 'object' && sqlOf(parts, event))).toEqual([
      absent('missing'),
      'x'.repeat(100),
      'x'.repeat(100),
    ]);
    for (const { event } of all) parts.release(event);
    for (const record of all[0]?.records ?? []) parts.take(record);
    expect(sqlOf(parts, all[0]?.event as Event)).toBe('x'.repeat(100));
  });
});
