import { Body, type Format } from './body.js';
import { MalformedMessage } from './violation.js';

/**
 * What a server says, each read from its whole frame (type byte and length included). Values are views of it. All throw
 * MalformedMessage.
 */

/** `I` idle, `T` in a transaction block, `E` in one that has failed. */
export type TransactionStatus = 'I' | 'T' | 'E';

export interface Column {
  readonly name: string;
  /** OID of the table whose column this is, else 0. */
  readonly table: number;
  /** Number of the column in that table; 0 for none, or for the whole row. */
  readonly attnum: number;
  /** OID. */
  readonly type: number;
  /** As pg_type.typlen: negative for types of variable length. */
  readonly size: number;
  readonly typmod: number;
  readonly format: Format;
}

export interface ParameterStatus {
  readonly name: string;
  readonly value: string;
}

export interface BackendKey {
  readonly pid: number;
  /** 4 bytes before protocol 3.2, up to 256 since. */
  readonly secret: Buffer;
}

export interface Notification {
  readonly pid: number;
  readonly channel: string;
  readonly payload: Buffer;
}

export interface NegotiateProtocolVersion {
  /** The newest minor version of protocol 3 that the server speaks. */
  readonly minor: number;
  /** Protocol options that it does not know. */
  readonly options: readonly string[];
}

export interface CopyResponse {
  readonly direction: 'in' | 'out' | 'both';
  readonly format: Format;
  readonly columnFormats: readonly Format[];
}

export type Authentication =
  | { readonly kind: 'ok' | 'cleartext' }
  | { readonly kind: 'md5'; readonly salt: Buffer }
  | { readonly kind: 'sasl'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'sasl-continue' | 'sasl-final'; readonly data: Buffer }
  /** Kerberos, GSSAPI, SSPI and whatever may come. */
  | { readonly kind: 'other'; readonly code: number };

export function decodeRowDescription(frame: Buffer): Column[] {
  const body = new Body(frame, 'T');
  const columns = body.list(body.int16(), 19, () => column(body));
  body.end();
  return columns;
}

/** OIDs of a statement's parameters. */
export function decodeParameterDescription(frame: Buffer): number[] {
  const body = new Body(frame, 't');
  const types = body.list(body.uint16(), 4, () => body.uint32());
  body.end();
  return types;
}

/** The command tag: `SELECT 3`, `INSERT 0 1`, `CREATE TABLE`, … */
export function decodeCommandComplete(frame: Buffer): string {
  const body = new Body(frame, 'C');
  const tag = body.cstring().toString('latin1');
  body.end();
  return tag;
}

export function decodeReadyForQuery(frame: Buffer): TransactionStatus {
  const body = new Body(frame, 'Z');
  const status = String.fromCharCode(body.byte());
  body.end();
  if (status !== 'I' && status !== 'T' && status !== 'E') throw body.malformed(`transaction status ${JSON.stringify(status)}`);
  return status;
}

export function decodeParameterStatus(frame: Buffer): ParameterStatus {
  const body = new Body(frame, 'S');
  const name = body.name();
  const value = body.name();
  body.end();
  return { name, value };
}

export function decodeBackendKeyData(frame: Buffer): BackendKey {
  const body = new Body(frame, 'K');
  const pid = body.int32();
  const secret = body.rest();
  if (secret.length < 4 || secret.length > 256) throw body.malformed(`a secret of ${secret.length} bytes`);
  return { pid, secret };
}

export function decodeAuthentication(frame: Buffer): Authentication {
  const body = new Body(frame, 'R');
  const read = authentication(body);
  body.end();
  return read;
}

export function decodeNotification(frame: Buffer): Notification {
  const body = new Body(frame, 'A');
  const pid = body.int32();
  const channel = body.name();
  const payload = body.cstring();
  body.end();
  return { pid, channel, payload };
}

export function decodeNegotiateProtocolVersion(frame: Buffer): NegotiateProtocolVersion {
  const body = new Body(frame, 'v');
  // Postgres sends the whole version, 3 in the upper half; the documentation promises the minor alone.
  const minor = body.int32() & 0xffff;
  const options = body.list(body.int32(), 1, () => body.name());
  body.end();
  return { minor, options };
}

/** CopyInResponse, CopyOutResponse or CopyBothResponse. */
export function decodeCopyResponse(frame: Buffer): CopyResponse {
  const body = new Body(frame, 'GHW');
  const code = body.byte();
  if (code > 1) throw body.malformed(`copy format ${code}`);
  const columnFormats = body.list(body.uint16(), 2, () => body.format());
  body.end();
  const direction = body.type === 'G' ? 'in' : body.type === 'H' ? 'out' : 'both';
  return { direction, format: code === 0 ? 'text' : 'binary', columnFormats };
}

/**
 * Walks the cells of a DataRow without a copy or an object a cell. The value of a column is `frame` in [from, to); for NULL both
 * are −1. Gives the number of cells.
 */
export function eachCell(frame: Buffer, each: (column: number, from: number, to: number) => void): number {
  if (frame.length < 7 || frame[0] !== 0x44 || frame.readInt32BE(1) + 1 !== frame.length) throw notRow('it is no whole DataRow');
  const cells = frame.readUInt16BE(5);
  let at = 7;
  for (let column = 0; column < cells; column++) {
    if (at + 4 > frame.length) throw notRow('it ends too early');
    const length = frame.readInt32BE(at);
    at += 4;
    if (length === -1) each(column, -1, -1);
    else if (length < 0 || length > frame.length - at) throw notRow(`a value of ${length} bytes`);
    else {
      each(column, at, at + length);
      at += length;
    }
  }
  if (at !== frame.length) throw notRow(`${frame.length - at} bytes follow its end`);
  return cells;
}

/** The cells of a DataRow as views of it; null for NULL. */
export function decodeDataRow(frame: Buffer): (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  eachCell(frame, (_, from, to) => cells.push(from < 0 ? null : frame.subarray(from, to)));
  return cells;
}

const notRow = (reason: string): MalformedMessage => new MalformedMessage('D', reason);

const column = (body: Body): Column => ({
  name: body.name(),
  table: body.uint32(),
  attnum: body.int16(),
  type: body.uint32(),
  size: body.int16(),
  typmod: body.int32(),
  format: body.format(),
});

function authentication(body: Body): Authentication {
  const code = body.int32();
  switch (code) {
    case 0:
      return { kind: 'ok' };
    case 3:
      return { kind: 'cleartext' };
    case 5:
      return { kind: 'md5', salt: body.bytes(4) };
    case 10: {
      const mechanisms: string[] = [];
      for (let name = body.name(); name !== ''; name = body.name()) mechanisms.push(name);
      return { kind: 'sasl', mechanisms };
    }
    case 11:
      return { kind: 'sasl-continue', data: body.rest() };
    case 12:
      return { kind: 'sasl-final', data: body.rest() };
    default:
      body.rest();
      return { kind: 'other', code };
  }
}
