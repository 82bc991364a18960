import {
  commitment,
  parseEvent,
  serialize,
  type Event,
  type EventOf,
  type Part,
  type PartName,
  type PartRecord,
  type WireRange,
} from '#events';
import { encodeCommandComplete, encodeDataRow, encodeReadyForQuery, request } from '#pgwire';
import { expectAccounted } from './accounted.js';
import type { TappedSession } from './tapped-session.js';

const producer = '0192f0c1-2222-7333-8444-555566667777';
const session = '0192f0c1-7a3c-7d11-9f3e-2b1c0a9d8e7f';

/** Two statements, and a third that the client did not finish. */
const query = request.query('SELECT 1');
const bind = request.bind('', '', ['secret']);
const sync = request.sync();
const cutShort = request.query('SELECT never').subarray(0, 9);
const row = encodeDataRow(['1']);
const complete = encodeCommandComplete('SELECT 2');
const ready = encodeReadyForQuery('I');
const copied = request.copyData(Buffer.from('1\t2\n'));

const tapped: TappedSession = {
  client: Buffer.concat([query, bind, sync, cutShort]),
  server: Buffer.concat([row, row, copied, complete, ready]),
  port: 40_000,
  parameters: new Map(),
  backendPid: 1,
  closed: true,
};

interface Account {
  readonly events: readonly Event[];
  readonly parts: readonly PartRecord[];
}

/** One event with these ranges and parts, the first of a session unless told otherwise. */
function recorded(seq: number, wire: readonly WireRange[], contents: readonly Content[]): Account {
  const made = contents.map(({ name, bytes, withheld }): { part: Part; record: PartRecord } => {
    const salt = Buffer.alloc(32, seq + 1);
    const commit = commitment(salt, [bytes]).toString('base64');
    const header = { producer, pseq: seq, name, i: 0, n: withheld ? 0 : 1 };
    return {
      part: { alg: 'sha256-salted', commit, len: bytes.length, name, ...(withheld ? { withheld } : {}) },
      record: { header, salt, bytes: withheld ? Buffer.alloc(0) : bytes },
    };
  });
  const event: EventOf<'wire.recorded'> = {
    at: 0,
    data: {},
    parts: made.map(({ part }) => part),
    producer,
    pseq: seq,
    seq,
    session,
    type: 'wire.recorded',
    v: 1,
    wire: [...wire],
  };
  // What the schema would refuse proves nothing.
  return { events: [parseEvent(Buffer.from(serialize(event)))], parts: made.map(({ record }) => record) };
}

interface Content {
  readonly name: PartName;
  readonly bytes: Buffer;
  readonly withheld?: 'cap' | 'policy' | 'secret';
}

function closed(seq: number, client: number, server: number, tail?: 'unknown'): Account {
  const data: EventOf<'session.closed'>['data'] = {
    client,
    server,
    reason: 'client-gone',
    statements: 0,
    ...(tail ? { tail } : {}),
  };
  return { events: [{ at: 0, data, producer, pseq: seq, seq, session, type: 'session.closed', v: 1 }], parts: [] };
}

const range = (dir: 'c' | 's', from: number, to: number, msgs: string): WireRange => ({ dir, from, to, msgs });
const together = (...accounts: readonly Account[]): Account => ({
  events: accounts.flatMap(({ events }) => events),
  parts: accounts.flatMap(({ parts }) => parts),
});
const discrepancies = ({ events, parts }: Account, of = tapped): string[] => expectAccounted(of, events, parts);

const c = { bind: query.length, sync: query.length + bind.length, end: tapped.client.length };
const s = { copied: 2 * row.length, complete: 2 * row.length + copied.length, end: tapped.server.length };
const allOfClient = range('c', 0, c.end, `Q${query.length} B${bind.length} S5 Q18`);
const clientParts: Content[] = [
  { name: 'sql', bytes: Buffer.concat([query, cutShort]) },
  { name: 'params', bytes: bind },
  { name: 'wire', bytes: sync },
];
const allOfServer = range('s', 0, s.end, `D${row.length}*2 d${copied.length} C${complete.length} Z6`);
const serverParts: Content[] = [
  { name: 'rows', bytes: Buffer.concat([row, row]) },
  { name: 'copy', bytes: copied },
  { name: 'wire', bytes: Buffer.concat([complete, ready]) },
];
const client = recorded(0, [allOfClient], clientParts);
const server = recorded(1, [allOfServer], serverParts);
const end = closed(2, c.end, s.end);

describe('an account of a session', () => {
  it('is right when each byte is in its place', () => {
    expect(discrepancies(together(client, server, end))).toEqual([]);
  });

  it('is right when one event holds ranges of both streams, and a range ends within a message', () => {
    const within = c.bind + 7;
    const first = recorded(
      0,
      [range('c', 0, within, `Q${query.length} B${bind.length}`), range('s', 0, 3, `D${row.length}`)],
      [
        { name: 'sql', bytes: query },
        { name: 'params', bytes: bind.subarray(0, 7) },
        { name: 'rows', bytes: row.subarray(0, 3) },
      ],
    );
    const second = recorded(
      1,
      [
        range('c', within, c.end, `+${bind.length - 7} S5 Q18`),
        range('s', 3, 5, '+2'),
        range('s', 5, s.end, `+${row.length - 5} D${row.length} d${copied.length} C${complete.length} Z6`),
      ],
      [
        { name: 'params', bytes: bind.subarray(7) },
        { name: 'sql', bytes: cutShort },
        { name: 'rows', bytes: Buffer.concat([row, row]).subarray(3) },
        { name: 'copy', bytes: copied },
        { name: 'wire', bytes: Buffer.concat([sync, complete, ready]) },
      ],
    );
    expect(discrepancies(together(first, second, end))).toEqual([]);
  });

  it('is right when parts come in chunks, in any order', () => {
    const inTwo = server.parts.flatMap((record) =>
      [1, 0].map((i) => ({
        header: { ...record.header, i, n: 2 },
        salt: record.salt,
        bytes: i === 0 ? record.bytes.subarray(0, 4) : record.bytes.subarray(4),
      })),
    );
    expect(discrepancies({ events: together(client, server, end).events, parts: [...inTwo, ...client.parts] })).toEqual([]);
  });

  it('is right when bytes are withheld, and committed to', () => {
    const withheld = clientParts.map((content) => ({ ...content, withheld: 'policy' as const }));
    expect(discrepancies(together(recorded(0, [allOfClient], withheld), server, end))).toEqual([]);
  });

  it('is right when the log was lost, and says which bytes', () => {
    const lost = recorded(0, [{ dir: 'c', from: 0, to: c.end, msgs: '', lost: 'log' }], []);
    expect(discrepancies(together(lost, server, end))).toEqual([]);
  });

  it('is right without the tail of a proxy that crashed, and not otherwise', () => {
    const half = recorded(1, [range('s', 0, s.copied, `D${row.length}*2`)], serverParts.slice(0, 1));
    expect(discrepancies(together(client, half, closed(2, c.end, s.copied, 'unknown')))).toEqual([]);
    expect(discrepancies(together(client, half, closed(2, c.end, s.copied)))).toEqual([
      `no range accounts for s [${s.copied}, ${s.end})`,
    ]);
  });

  it('is wrong when a byte is counted twice', () => {
    const again = recorded(2, [range('c', c.sync, c.sync + 5, 'S5')], [{ name: 'wire', bytes: sync }]);
    expect(discrepancies(together(client, server, again))).toEqual([
      `seq 2 (wire.recorded): c [${c.sync}, ${c.sync + 5}): c [${c.sync}, ${c.sync + 5}) was accounted for before`,
    ]);
  });

  it('is wrong when a byte is not counted', () => {
    const gap = recorded(
      0,
      [range('c', 0, c.bind, `Q${query.length}`), range('c', c.sync, c.end, 'S5 Q18')],
      [
        { name: 'sql', bytes: Buffer.concat([query, cutShort]) },
        { name: 'wire', bytes: sync },
      ],
    );
    expect(discrepancies(together(gap, server))).toEqual([
      `seq 0 (wire.recorded): c [${c.sync}, ${c.end}): no range accounts for c [${c.bind}, ${c.sync})`,
    ]);
    expect(discrepancies(client)).toEqual([`no range accounts for s [0, ${s.end})`]);
  });

  it('is wrong when it holds more than passed', () => {
    const more = { ...tapped, client: tapped.client.subarray(0, c.sync + 5) };
    expect(discrepancies(together(client, server), more)).toEqual([
      `seq 0 (wire.recorded): c [0, ${c.end}): the tap saw ${c.sync + 5} bytes`,
      `seq 0 (wire.recorded): c [0, ${c.end}): lists "Q14 B${bind.length} S5 Q18", the stream has "Q14 B${bind.length} S5"`,
      `seq 0 (wire.recorded): part sql: says 23 bytes, 14 passed`,
      'seq 0 (wire.recorded): part sql: differs from what passed at its byte 14',
    ]);
  });

  it('is wrong when a part holds other bytes', () => {
    const other = recorded(
      0,
      [allOfClient],
      [{ name: 'sql', bytes: Buffer.concat([request.query('SELECT 2'), cutShort]) }, ...clientParts.slice(1)],
    );
    expect(discrepancies(together(other, server))).toEqual([
      'seq 0 (wire.recorded): part sql: differs from what passed at its byte 12',
    ]);
  });

  it('is wrong when a withheld part is committed to other bytes', () => {
    const other = recorded(
      0,
      [allOfClient],
      [...clientParts.slice(0, 2), { name: 'wire', bytes: request.flush(), withheld: 'cap' }],
    );
    expect(discrepancies(together(other, server))).toEqual([
      'seq 0 (wire.recorded): part wire: its commitment is to other bytes',
    ]);
  });

  it('is wrong when a record was altered after it was committed to', () => {
    const [sql, ...rest] = client.parts;
    const altered = { ...sql, bytes: Buffer.concat([query, cutShort]) } as PartRecord;
    altered.bytes.write('X', 5);
    expect(discrepancies({ events: together(client, server).events, parts: [altered, ...rest, ...server.parts] })).toEqual([
      'seq 0 (wire.recorded): part sql: differs from what passed at its byte 5',
      'seq 0 (wire.recorded): part sql: its commitment is to other bytes',
    ]);
  });

  it('is wrong when bytes are in a part of another kind', () => {
    const parts: Content[] = [
      { name: 'sql', bytes: Buffer.concat([query, cutShort]) },
      { name: 'wire', bytes: Buffer.concat([bind, sync]) },
    ];
    expect(discrepancies(together(recorded(0, [allOfClient], parts), server))).toEqual([
      'seq 0 (wire.recorded): has no part params',
      `seq 0 (wire.recorded): part wire: says ${bind.length + 5} bytes, 5 passed`,
      'seq 0 (wire.recorded): part wire: differs from what passed at its byte 0',
    ]);
  });

  it('is wrong when it lists messages that were not there', () => {
    const other = recorded(0, [{ ...allOfClient, msgs: `Q${query.length} B${bind.length} H5 Q18` }], clientParts);
    expect(discrepancies(together(other, server))).toEqual([
      `seq 0 (wire.recorded): c [0, ${c.end}): lists "Q14 B${bind.length} H5 Q18", the stream has "Q14 B${bind.length} S5 Q18"`,
    ]);
  });

  it('is wrong when records are missing, or belong to nothing', () => {
    const { events } = together(client, server);
    const [sql, params, ...rest] = [...client.parts, ...server.parts];
    const stray = { ...params, header: { ...params?.header, pseq: 9 } } as PartRecord;
    expect(discrepancies({ events, parts: [sql as PartRecord, stray, ...rest] })).toEqual([
      'seq 0 (wire.recorded): part params: has no record',
      `part record ${producer}/9 params: no event has such a part`,
    ]);
    const half = { ...sql, header: { ...sql?.header, n: 2 } } as PartRecord;
    expect(discrepancies({ events, parts: [half, params as PartRecord, ...rest] })).toEqual([
      'seq 0 (wire.recorded): part sql: its records are 0/2, not 0/1',
    ]);
  });

  it('is wrong when an event is missing, or the closing one counts otherwise', () => {
    expect(discrepancies(together(client, server, closed(3, c.end, s.end + 1)))).toEqual([
      'seq 3 (session.closed): follows seq 1',
      `session.closed: ${s.end + 1} bytes of s, its ranges hold ${s.end}`,
    ]);
  });
});
