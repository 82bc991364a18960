import {
  decodeBind,
  decodeClose,
  decodeCopyFail,
  decodeDescribe,
  decodeEmpty,
  decodeExecute,
  decodeFunctionCall,
  decodeParse,
  decodePassword,
  decodeQuery,
  decodeSaslInitialResponse,
  decodeSaslResponse,
  MalformedMessage,
  request,
} from '#pgwire';

/** A frame with this body, byte for byte. */
function frame(type: string, body: string): Buffer {
  const bytes = Buffer.from(`${type}\0\0\0\0${body}`, 'latin1');
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

describe('what a client says', () => {
  it('is read as pg-protocol wrote it', () => {
    expect(decodeQuery(request.query('SELECT “1”'))).toEqual({ sql: Buffer.from('SELECT “1”') });
    expect(decodeParse(request.parse('s1', 'SELECT $1', [23, 4_000_000_000]))).toEqual({
      name: 's1',
      sql: Buffer.from('SELECT $1'),
      parameterTypes: [23, 4_000_000_000],
    });
    expect(decodeBind(request.bind('p1', 's1', ['text', Buffer.from([0, 1]), null, '']))).toEqual({
      portal: 'p1',
      statement: 's1',
      parameterFormats: ['text', 'binary', 'text', 'text'],
      parameters: [Buffer.from('text'), Buffer.from([0, 1]), null, Buffer.alloc(0)],
      resultFormats: ['text'],
    });
    expect(decodeDescribe(request.describe({ of: 'statement', name: 's1' }))).toEqual({ of: 'statement', name: 's1' });
    expect(decodeClose(request.close({ of: 'portal', name: '' }))).toEqual({ of: 'portal', name: '' });
    expect(decodeExecute(request.execute('', 0))).toEqual({ portal: '', maxRows: 0 });
    expect(decodeExecute(request.execute('p1', 50))).toEqual({ portal: 'p1', maxRows: 50 });
    expect(decodePassword(request.password('s3cret'))).toEqual(Buffer.from('s3cret'));
    expect(decodeSaslInitialResponse(request.saslInitialResponse('SCRAM-SHA-256', 'n,,n=,r=x'))).toEqual({
      mechanism: 'SCRAM-SHA-256',
      response: Buffer.from('n,,n=,r=x'),
    });
    expect(decodeSaslResponse(request.saslResponse('c=biws'))).toEqual(Buffer.from('c=biws'));
    expect(decodeCopyFail(request.copyFail('no more'))).toEqual(Buffer.from('no more'));
    for (const empty of [request.sync(), request.flush(), request.terminate(), request.copyDone()])
      expect(() => {
        decodeEmpty(empty);
      }).not.toThrow();
  });

  it('is read where pg-protocol has no words for it', () => {
    expect(decodeSaslInitialResponse(frame('p', 'OAUTHBEARER\0\xff\xff\xff\xff'))).toEqual({
      mechanism: 'OAUTHBEARER',
      response: null,
    });
    expect(decodeFunctionCall(frame('F', '\0\0\x04\xd2\0\x01\0\x01\0\x01\0\0\0\x01x\0\0'))).toEqual({
      oid: 1234,
      argumentFormats: ['binary'],
      arguments: [Buffer.from('x')],
      resultFormat: 'text',
    });
    const many = decodeParse(frame('P', `\0SELECT\0\xff\xff${'\0\0\0\x17'.repeat(65_535)}`));
    expect(many.parameterTypes).toHaveLength(65_535);
  });

  it.each<[string, (bytes: Buffer) => unknown, Buffer]>([
    ['SQL with a NUL in it', decodeQuery, frame('Q', 'SELECT 1; \0DROP TABLE t\0')],
    ['SQL without its NUL', decodeQuery, frame('Q', 'SELECT 1')],
    ['no SQL at all', decodeQuery, frame('Q', '')],
    ['SQL with a NUL in a Parse', decodeParse, frame('P', 's\0SELECT 1;\0DROP\0\0\0')],
    ['a Parse without a count', decodeParse, frame('P', 's\0SELECT 1\0')],
    ['a Parse of more types than it has', decodeParse, frame('P', 's\0SELECT 1\0\0\x02\0\0\0\x17')],
    ['a Parse with trailing bytes', decodeParse, frame('P', 's\0SELECT 1\0\0\0\0')],
    ['a name that is not UTF-8', decodeParse, frame('P', '\xe9\0SELECT 1\0\0\0')],
    ['a format that is none', decodeBind, frame('B', '\0\0\0\x01\0\x02\0\0\0\0')],
    ['a value of length −2', decodeBind, frame('B', '\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0')],
    ['a value longer than the message', decodeBind, frame('B', '\0\0\0\0\0\x01\0\0\0\xffx\0\0')],
    ['two formats for one value', decodeBind, frame('B', '\0\0\0\x02\0\0\0\0\0\x01\0\0\0\x01x\0\0')],
    ['65,535 values in no bytes', decodeBind, frame('B', '\0\0\0\0\xff\xff')],
    ['a Bind with trailing bytes', decodeBind, frame('B', '\0\0\0\0\0\0\0\0\0')],
    ['a Describe of something else', decodeDescribe, frame('D', 'Xname\0')],
    ['a Describe of nothing', decodeDescribe, frame('D', '')],
    ['a Close with trailing bytes', decodeClose, frame('C', 'Sname\0\0')],
    ['an Execute without a limit', decodeExecute, frame('E', 'p\0\0\0')],
    ['a FunctionCall that ends too early', decodeFunctionCall, frame('F', '\0\0\0\x01\0\0\0\0')],
    ['a password with a NUL in it', decodePassword, frame('p', 'one\0two\0')],
    ['a SASL response of length −2', decodeSaslInitialResponse, frame('p', 'X\0\xff\xff\xff\xfe')],
    ['a Sync with a body', decodeEmpty, frame('S', '\0')],
    ['a message of another type', decodeQuery, frame('P', 'SELECT 1\0')],
    ['a frame that is not whole', decodeQuery, frame('Q', 'SELECT 1\0').subarray(0, 8)],
  ])('is refused when it holds %s', (_, decode, bytes) => {
    expect(() => decode(bytes)).toThrow(MalformedMessage);
  });

  it('is refused when it is cut short anywhere', () => {
    const whole = request.bind('p1', 's1', ['text', Buffer.from([0, 1]), null]);
    for (let length = 5; length < whole.length; length++) {
      const short = Buffer.from(whole.subarray(0, length));
      short.writeInt32BE(length - 1, 1);
      expect(() => decodeBind(short)).toThrow(MalformedMessage);
    }
  });

  it('is never written with a NUL in a string', () => {
    expect(() => request.query('SELECT 1;\0DROP')).toThrow(RangeError);
    expect(() => request.password('a\0b')).toThrow(RangeError);
  });
});
