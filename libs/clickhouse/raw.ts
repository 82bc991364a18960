import { createHash } from 'node:crypto';
import { type Event, eventHash, type PartRecord } from '#events';
import { Time } from './columns.js';
import { sqlTextOf } from './sql-text.js';

/** Where a record stands: a log id is never used twice, so a fresh broker cannot collide with an old one. */
export interface Position {
  readonly log: string;
  readonly topic: string;
  readonly part: string;
  readonly off: number;
}

/** A row of `events` in the form of an insert. */
export const eventRow = (position: Position, canon: Buffer, event: Event): object => ({
  ...position,
  at: Time.encode(event.at),
  session: event.session,
  seq: event.seq,
  producer: event.producer,
  pseq: event.pseq,
  type: event.type,
  v: event.v,
  canonBase64: canon.toString('base64'),
  hashHex: eventHash(canon).toString('hex'),
});

/** The type of the rows that keep what could not be read. */
export const undecodable = 'undecodable';

/** A record of an events topic that this code cannot read: its bytes are kept in its place, under the position as its id. */
export const undecodableEventRow = (position: Position, key: string, bytes: Buffer): object => ({
  ...position,
  at: Time.encode(0), // its own time is unknown, and the time of arrival would put a copy into another partition
  session: key,
  seq: 0,
  producer: position.part,
  pseq: position.off,
  type: undecodable,
  v: 0,
  canonBase64: bytes.toString('base64'),
  hashHex: eventHash(bytes).toString('hex'),
});

/** A row of `parts` in the form of an insert. */
export const partRow = (position: Position, record: PartRecord): object => ({
  ...position,
  producer: record.header.producer,
  pseq: record.header.pseq,
  name: record.header.name,
  i: record.header.i,
  n: record.header.n,
  saltHex: record.salt.toString('hex'),
  bytesBase64: record.bytes.toString('base64'),
  text: sqlTextOf(record) ?? '',
});

/** The same for a part record that cannot be read. */
export const undecodablePartRow = (position: Position, bytes: Buffer): object => ({
  ...position,
  producer: position.part,
  pseq: position.off,
  name: undecodable,
  i: 0,
  n: 0,
  saltHex: '',
  bytesBase64: bytes.toString('base64'),
  text: '',
});

/** Names a block by its place and its content: a token that named the place alone would lose a row that differs. */
export function dedupToken(first: Position, last: Position, values: readonly Buffer[]): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const value of values) {
    length.writeUInt32BE(value.length);
    hash.update(length).update(value);
  }
  return `${first.log}/${first.topic}/${first.part}/${first.off}-${last.off}/${hash.digest('hex').slice(0, 32)}`;
}
