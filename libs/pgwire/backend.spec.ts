import { Parser } from 'pg-protocol/dist/parser.js';
import {
  decodeAuthentication,
  decodeBackendKeyData,
  decodeCommandComplete,
  decodeCopyResponse,
  decodeDataRow,
  decodeFault,
  decodeNegotiateProtocolVersion,
  decodeNotification,
  decodeParameterDescription,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeRowDescription,
  eachCell,
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationOk,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  encodeAuthenticationSaslFinal,
  encodeBackendKeyData,
  encodeBindComplete,
  encodeCloseComplete,
  encodeCommandComplete,
  encodeDataRow,
  encodeEmptyQueryResponse,
  encodeErrorResponse,
  encodeFields,
  encodeNegotiateProtocolVersion,
  encodeNoData,
  encodeNoticeResponse,
  encodeParameterDescription,
  encodeParameterStatus,
  encodeParseComplete,
  encodePortalSuspended,
  encodeReadyForQuery,
  encodeRowDescription,
  MalformedMessage,
  toFault,
} from '#pgwire';
import type { Column, Fault } from '#pgwire';

/** What pg-protocol, which shares no code with ours, reads. */
function oracle(frame: Buffer): Record<string, unknown> {
  const read: object[] = [];
  new Parser().parse(frame, (message) => read.push(message));
  expect(read).toHaveLength(1);
  return read[0] as Record<string, unknown>;
}

function frame(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`, 'latin1');
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

const fault: Fault = {
  severity: 'ERROR',
  code: '42501',
  message: 'rule “no-drop” refuses it',
  detail: '{}',
  hint: 'ask',
  position: 8,
  internalPosition: 2,
  internalQuery: 'SELECT',
  where: 'in it',
  schema: 'public',
  table: 't',
  column: 'c',
  dataType: 'int4',
  constraint: 'c_check',
  file: 'x.c',
  line: 12,
  routine: 'f',
};

const columns: Column[] = [
  { name: 'id', table: 3_000_000_000, attnum: 1, type: 23, size: 4, typmod: -1, format: 'binary' },
  { name: 'größe', table: 0, attnum: 0, type: 25, size: -1, typmod: -1, format: 'text' },
];

describe('what a proxy authors', () => {
  it.each<[string, Buffer, Record<string, unknown>]>([
    ['ParseComplete', encodeParseComplete(), { name: 'parseComplete' }],
    ['BindComplete', encodeBindComplete(), { name: 'bindComplete' }],
    ['CloseComplete', encodeCloseComplete(), { name: 'closeComplete' }],
    ['NoData', encodeNoData(), { name: 'noData' }],
    ['EmptyQueryResponse', encodeEmptyQueryResponse(), { name: 'emptyQuery' }],
    ['PortalSuspended', encodePortalSuspended(), { name: 'portalSuspended' }],
    ['CommandComplete', encodeCommandComplete('INSERT 0 1'), { name: 'commandComplete', text: 'INSERT 0 1' }],
    ['ReadyForQuery', encodeReadyForQuery('E'), { name: 'readyForQuery', status: 'E' }],
    ['AuthenticationOk', encodeAuthenticationOk(), { name: 'authenticationOk' }],
    ['AuthenticationCleartextPassword', encodeAuthenticationCleartextPassword(), { name: 'authenticationCleartextPassword' }],
    [
      'AuthenticationSASL',
      encodeAuthenticationSasl(['SCRAM-SHA-256', 'OAUTHBEARER']),
      { name: 'authenticationSASL', mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'] },
    ],
    [
      'AuthenticationSASLContinue',
      encodeAuthenticationSaslContinue(Buffer.from('r=1')),
      { name: 'authenticationSASLContinue', data: 'r=1' },
    ],
    [
      'AuthenticationSASLFinal',
      encodeAuthenticationSaslFinal(Buffer.from('v=1')),
      { name: 'authenticationSASLFinal', data: 'v=1' },
    ],
    [
      'ParameterStatus',
      encodeParameterStatus({ name: 'TimeZone', value: 'Etc/UTC' }),
      { name: 'parameterStatus', parameterName: 'TimeZone', parameterValue: 'Etc/UTC' },
    ],
    [
      'BackendKeyData',
      encodeBackendKeyData({ pid: 4711, secret: Buffer.from([0, 0, 1, 0]) }),
      { name: 'backendKeyData', processID: 4711, secretKey: 256 },
    ],
    [
      'ParameterDescription',
      encodeParameterDescription([23, 25]),
      { name: 'parameterDescription', parameterCount: 2, dataTypeIDs: [23, 25] },
    ],
    ['DataRow', encodeDataRow(['1', null, '', Buffer.from('é')]), { name: 'dataRow', fields: ['1', null, '', 'é'] }],
    [
      'RowDescription',
      encodeRowDescription(columns.slice(1)),
      {
        name: 'rowDescription',
        fields: [
          { name: 'größe', tableID: 0, columnID: 0, dataTypeID: 25, dataTypeSize: -1, dataTypeModifier: -1, format: 'text' },
        ],
      },
    ],
  ])('is read by pg-protocol as the %s that it is', (_, bytes, expected) => {
    expect({ ...oracle(bytes) }).toMatchObject({ ...expected, length: expect.any(Number) as number });
  });

  it('has all its fields in an ErrorResponse and a NoticeResponse', () => {
    const texts = { ...fault, position: '8', internalPosition: '2', line: '12' };
    expect(oracle(encodeErrorResponse(fault))).toMatchObject({ ...texts, name: 'error' });
    expect(oracle(encodeNoticeResponse(fault))).toMatchObject({ ...texts, name: 'notice' });
  });

  it('is never written with a NUL in a string', () => {
    expect(() => encodeErrorResponse({ ...fault, message: 'a\0b' })).toThrow(RangeError);
    expect(() => encodeParameterStatus({ name: 'a', value: 'b\0c' })).toThrow(RangeError);
  });
});

describe('what a server says', () => {
  it('is read as it was written', () => {
    expect(toFault(decodeFault(encodeErrorResponse(fault)))).toEqual(fault);
    expect(decodeRowDescription(encodeRowDescription(columns))).toEqual(columns);
    expect(decodeParameterDescription(encodeParameterDescription([23, 4_000_000_000]))).toEqual([23, 4_000_000_000]);
    expect(decodeCommandComplete(encodeCommandComplete('SELECT 3'))).toBe('SELECT 3');
    expect(decodeReadyForQuery(encodeReadyForQuery('T'))).toBe('T');
    expect(decodeParameterStatus(encodeParameterStatus({ name: 'a', value: 'b' }))).toEqual({ name: 'a', value: 'b' });
    const key = { pid: 1, secret: Buffer.from('0123456789') };
    expect(decodeBackendKeyData(encodeBackendKeyData(key))).toEqual(key);
    const version = { minor: 2, options: ['_pq_.x'] };
    expect(decodeNegotiateProtocolVersion(encodeNegotiateProtocolVersion(version))).toEqual(version);
    expect(decodeDataRow(encodeDataRow(['1', null, '']))).toEqual([Buffer.from('1'), null, Buffer.alloc(0)]);
    expect(decodeAuthentication(encodeAuthenticationSasl(['A', 'B']))).toEqual({ kind: 'sasl', mechanisms: ['A', 'B'] });
    expect(decodeAuthentication(encodeAuthenticationOk())).toEqual({ kind: 'ok' });
  });

  it('is read where a proxy never says it', () => {
    expect(decodeAuthentication(frame('R', '\0\0\0\x05salt'))).toEqual({ kind: 'md5', salt: Buffer.from('salt') });
    expect(decodeAuthentication(frame('R', '\0\0\0\x07'))).toEqual({ kind: 'other', code: 7 });
    expect(decodeNotification(frame('A', '\0\0\0\x09jobs\0{}\0'))).toEqual({
      pid: 9,
      channel: 'jobs',
      payload: Buffer.from('{}'),
    });
    expect(decodeCopyResponse(frame('G', '\0\0\x02\0\0\0\0'))).toEqual({
      direction: 'in',
      format: 'text',
      columnFormats: ['text', 'text'],
    });
    expect(decodeCopyResponse(frame('H', '\x01\0\x01\0\x01'))).toEqual({
      direction: 'out',
      format: 'binary',
      columnFormats: ['binary'],
    });
  });

  it('has the cells of a row at their places, without a copy', () => {
    const row = encodeDataRow(['ab', null, '', 'c']);
    const places: [number, number, number][] = [];
    expect(eachCell(row, (column, from, to) => places.push([column, from, to]))).toBe(4);
    expect(places).toEqual([
      [0, 11, 13],
      [1, -1, -1],
      [2, 21, 21],
      [3, 25, 26],
    ]);
  });

  it('keeps fields that this code has no name for', () => {
    const fields = [
      { code: 'M', value: Buffer.from('one') },
      { code: 'z', value: Buffer.from([0xff]) },
      { code: 'P', value: Buffer.from('far') },
    ];
    expect(decodeFault(encodeFields('N', fields))).toEqual(fields);
    expect(toFault(fields)).toEqual({ severity: '', code: '', message: 'one' });
  });

  it.each<[string, (bytes: Buffer) => unknown, Buffer]>([
    ['a status that is none', decodeReadyForQuery, frame('Z', 'X')],
    ['a status of two bytes', decodeReadyForQuery, frame('Z', 'II')],
    ['fields without an end', decodeFault, frame('E', 'Mone\0')],
    ['bytes after its fields', decodeFault, frame('E', 'Mone\0\0\0')],
    ['more columns than it has', decodeRowDescription, frame('T', '\0\x02')],
    ['−1 columns', decodeRowDescription, frame('T', '\xff\xff')],
    ['a tag without an end', decodeCommandComplete, frame('C', 'SELECT 1')],
    ['a row with a cell too long', decodeDataRow, frame('D', '\0\x01\0\0\0\x05abc')],
    ['a row with a cell of length −2', decodeDataRow, frame('D', '\0\x01\xff\xff\xff\xfe')],
    ['a row that ends within a length', decodeDataRow, frame('D', '\0\x01\0\0')],
    ['a row with trailing bytes', decodeDataRow, frame('D', '\0\x01\0\0\0\x01ab')],
    ['a copy format that is none', decodeCopyResponse, frame('G', '\x02\0\0')],
    ['a secret of 3 bytes', decodeBackendKeyData, frame('K', '\0\0\0\x01abc')],
    ['a setting that is not UTF-8', decodeParameterStatus, frame('S', 'a\0\xe9\0')],
    ['an md5 salt of 3 bytes', decodeAuthentication, frame('R', '\0\0\0\x05abc')],
  ])('is refused when it has %s', (_, decode, bytes) => {
    expect(() => decode(bytes)).toThrow(MalformedMessage);
  });
});
