/** Messages of the server, as protocol-message-formats.html has them: pg-protocol writes only the client's. */
const frame = (type: string, ...body: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(body);
  return Buffer.concat([Buffer.from(type), int32(bytes.length + 4), bytes]);
};
const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const cstring = (text: string): Buffer => Buffer.from(`${text}\0`);

interface ColumnSpec {
  readonly name: string;
  readonly type?: number;
  readonly format?: number;
}

export const backend = {
  parseComplete: frame('1'),
  bindComplete: frame('2'),
  closeComplete: frame('3'),
  noData: frame('n'),
  portalSuspended: frame('s'),
  emptyQuery: frame('I'),
  copyDone: frame('c'),
  copyIn: frame('G', Buffer.from([0]), int16(0)),
  copyOut: frame('H', Buffer.from([0]), int16(0)),
  copyData: (text: string) => frame('d', Buffer.from(text)),
  ready: (status: 'I' | 'T' | 'E') => frame('Z', Buffer.from(status)),
  complete: (tag: string) => frame('C', cstring(tag)),
  parameterStatus: (name: string, value: string) => frame('S', cstring(name), cstring(value)),
  parameterTypes: (...types: readonly number[]) => frame('t', int16(types.length), ...types.map(int32)),
  columns: (...columns: readonly ColumnSpec[]) =>
    frame(
      'T',
      int16(columns.length),
      ...columns.flatMap(({ name, type = 25, format = 0 }) => [
        cstring(name),
        int32(0),
        int16(0),
        int32(type),
        int16(-1),
        int32(-1),
        int16(format),
      ]),
    ),
  row: (...values: readonly (string | Uint8Array | null)[]) =>
    frame(
      'D',
      int16(values.length),
      ...values.flatMap((value) => (value === null ? [int32(-1)] : [int32(Buffer.from(value).length), Buffer.from(value)])),
    ),
  error: (sqlstate: string, message: string) =>
    frame('E', cstring('SERROR'), cstring('VERROR'), cstring(`C${sqlstate}`), cstring(`M${message}`), Buffer.from([0])),
};
