import type { BackendKey, Column, NegotiateProtocolVersion, ParameterStatus, TransactionStatus } from './backend.js';
import type { Format } from './body.js';
import { toFields, type Fault, type FaultField } from './fault.js';

/** The messages of a server that a proxy authors. Each is one whole frame. A NUL within a string is a RangeError. */

export const encodeErrorResponse = (fault: Fault): Buffer => encodeFields('E', toFields(fault));
export const encodeNoticeResponse = (fault: Fault): Buffer => encodeFields('N', toFields(fault));
/** An ErrorResponse (`E`) or NoticeResponse (`N`) with these fields as they are, in this order. */
export const encodeFields = (type: 'E' | 'N', fields: readonly FaultField[]): Buffer =>
  message(type, ...fields.flatMap(({ code, value }) => [Buffer.from(code, 'latin1'), terminated(value)]), zero);

export const encodeReadyForQuery = (status: TransactionStatus): Buffer => message('Z', Buffer.from(status, 'latin1'));

export const encodeAuthenticationOk = (): Buffer => message('R', int32(0));
export const encodeAuthenticationCleartextPassword = (): Buffer => message('R', int32(3));
export const encodeAuthenticationSasl = (mechanisms: readonly string[]): Buffer =>
  message('R', int32(10), ...mechanisms.map(cstring), zero);
export const encodeAuthenticationSaslContinue = (data: Buffer): Buffer => message('R', int32(11), data);
export const encodeAuthenticationSaslFinal = (data: Buffer): Buffer => message('R', int32(12), data);

export const encodeParameterStatus = ({ name, value }: ParameterStatus): Buffer => message('S', cstring(name), cstring(value));
export const encodeBackendKeyData = ({ pid, secret }: BackendKey): Buffer => message('K', int32(pid), secret);
/** With the whole version, as Postgres and libpq have it. */
export const encodeNegotiateProtocolVersion = ({ minor, options }: NegotiateProtocolVersion): Buffer =>
  message('v', int32((3 << 16) | minor), int32(options.length), ...options.map(cstring));

export const encodeParseComplete = (): Buffer => message('1');
export const encodeBindComplete = (): Buffer => message('2');
export const encodeCloseComplete = (): Buffer => message('3');
export const encodeNoData = (): Buffer => message('n');
export const encodeEmptyQueryResponse = (): Buffer => message('I');
export const encodePortalSuspended = (): Buffer => message('s');
export const encodeCommandComplete = (tag: string): Buffer => message('C', cstring(tag));
/** OIDs of a statement's parameters. */
export const encodeParameterDescription = (types: readonly number[]): Buffer =>
  message('t', int16(types.length), ...types.map(int32));

export const encodeRowDescription = (columns: readonly Column[]): Buffer =>
  message(
    'T',
    int16(columns.length),
    ...columns.flatMap(({ name, table, attnum, type, size, typmod, format }) => [
      cstring(name),
      int32(table),
      int16(attnum),
      int32(type),
      int16(size),
      int32(typmod),
      formatCode(format),
    ]),
  );

/** @param cells in the columns' formats; null for NULL */
export const encodeDataRow = (cells: readonly (Buffer | string | null)[]): Buffer =>
  message('D', int16(cells.length), ...cells.flatMap(value));

function message(type: string, ...body: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(5);
  const whole = Buffer.concat([head, ...body]);
  whole.write(type, 0, 'latin1');
  whole.writeInt32BE(whole.length - 1, 1);
  return whole;
}

const zero = Buffer.alloc(1);

function int16(n: number): Buffer {
  const bytes = Buffer.alloc(2);
  if (n < 0) bytes.writeInt16BE(n);
  else bytes.writeUInt16BE(n);
  return bytes;
}

/** OIDs and pids share its four bytes: the upper half of either is a negative number of the other. */
function int32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (n < 0) bytes.writeInt32BE(n);
  else bytes.writeUInt32BE(n);
  return bytes;
}

const formatCode = (format: Format): Buffer => int16(format === 'text' ? 0 : 1);

const cstring = (text: string): Buffer => terminated(Buffer.from(text, 'utf8'));

function terminated(bytes: Buffer): Buffer {
  if (bytes.includes(0)) throw new RangeError('a string of the protocol holds a NUL');
  return Buffer.concat([bytes, zero]);
}

function value(cell: Buffer | string | null): Buffer[] {
  if (cell === null) return [int32(-1)];
  const bytes = typeof cell === 'string' ? Buffer.from(cell, 'utf8') : cell;
  return [int32(bytes.length), bytes];
}
