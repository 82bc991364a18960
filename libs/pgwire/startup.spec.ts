import { decodeStartup, encodeCancelRequest, encodeSslRequest, encodeStartup, MalformedStartup } from '#pgwire';

function packet(code: number, body = ''): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(8), Buffer.from(body, 'latin1')]);
  bytes.writeInt32BE(bytes.length, 0);
  bytes.writeInt32BE(code, 4);
  return bytes;
}
const protocol = (major: number, minor: number): number => (major << 16) | minor;

describe('the first packet', () => {
  it('is a request for TLS, for GSSAPI or for a cancellation', () => {
    expect(decodeStartup(encodeSslRequest())).toEqual({ kind: 'ssl', length: 8 });
    expect(decodeStartup(packet(80_877_104))).toEqual({ kind: 'gss', length: 8 });
    const key = Buffer.from('0123456789abcdef0123456789abcdef');
    expect(decodeStartup(encodeCancelRequest(4711, key))).toEqual({ kind: 'cancel', length: 44, pid: 4711, key });
    expect(decodeStartup(encodeCancelRequest(-1, key.subarray(0, 4)))).toMatchObject({ pid: -1, key: Buffer.from('0123') });
  });

  it('gives the parameters in the order sent, repetitions and bytes that are no UTF-8 included', () => {
    const bytes = packet(protocol(3, 2), 'user\0bot\0_pq_.later\0on\0application_name\0\xe9\0user\0root\0\0');
    expect(decodeStartup(Buffer.concat([bytes, Buffer.from('what follows')]))).toEqual({
      kind: 'startup',
      length: bytes.length,
      minor: 2,
      parameters: [
        { name: 'user', value: Buffer.from('bot') },
        { name: 'application_name', value: Buffer.from([0xe9]) },
        { name: 'user', value: Buffer.from('root') },
      ],
      options: ['_pq_.later'],
    });
  });

  it('is written as it is read', () => {
    const bytes = encodeStartup(0, [
      ['user', 'bot'],
      ['database', 'größe'],
    ]);
    expect(decodeStartup(bytes)).toMatchObject({
      minor: 0,
      parameters: [
        { name: 'user', value: Buffer.from('bot') },
        { name: 'database', value: Buffer.from('größe') },
      ],
    });
    expect(() => encodeStartup(0, [['user', 'a\0database\0b']])).toThrow(RangeError);
  });

  it('says which version it asks for where that is not 3', () => {
    expect(decodeStartup(packet(protocol(2, 0), 'whatever'))).toEqual({ kind: 'unsupported', length: 16, major: 2, minor: 0 });
  });

  it('is waited for while it is incomplete', () => {
    const whole = encodeStartup(0, [['user', 'bot']]);
    for (let length = 0; length < whole.length; length++) expect(decodeStartup(whole.subarray(0, length))).toBeUndefined();
    expect(decodeStartup(whole)).toBeDefined();
  });

  it.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n')],
    ['a length below its own', Buffer.from([0, 0, 0, 3, 0, 0, 0, 0])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['more than Postgres takes', Buffer.from([0, 0, 0x27, 0x15])],
    ['bytes after a request for TLS', packet(80_877_103, 'x')],
    ['a cancel request without a key', packet(80_877_102, '\0\0\0\x01')],
    ['a cancel request with a key of 257 bytes', packet(80_877_102, `\0\0\0\x01${'k'.repeat(257)}`)],
    ['no terminator', packet(protocol(3, 0), 'user\0bot\0')],
    ['a name without a value', packet(protocol(3, 0), 'user\0')],
    ['bytes after the terminator', packet(protocol(3, 0), 'user\0bot\0\0x')],
    ['a name that is not UTF-8', packet(protocol(3, 0), '\xe9\0bot\0\0')],
  ])('is refused when it is %s', (_, bytes) => {
    expect(() => decodeStartup(bytes)).toThrow(MalformedStartup);
  });

  it('may have the 10,000 bytes that Postgres takes', () => {
    const longest = packet(protocol(3, 0), `user\0${'x'.repeat(10_000 - 4 - 7)}\0\0`);
    expect(longest).toHaveLength(10_004);
    expect(decodeStartup(longest)).toMatchObject({ kind: 'startup', length: 10_004 });
  });
});
