import {
  Authenticator,
  decodeBearerFailure,
  decodeBearerResponse,
  decodeSaslInitialResponse,
  decodeSaslResponse,
  encodeBearerFailure,
  encodeBearerResponse,
  MalformedMessage,
  ScramFailed,
} from '#pgwire';

/** `|` for the separator. */
const response = (text: string): Buffer => Buffer.from(text.replaceAll('|', '\x01'));

describe('an OAUTHBEARER response', () => {
  it.each([
    ['as libpq 18 writes it', 'n,,|auth=Bearer abc.def-ghi_~+/==||', 'abc.def-ghi_~+/=='],
    ['with host and port, as RFC 7628 has it', 'n,,|host=db.example|port=143|auth=Bearer abc||', 'abc'],
    ['with a scheme in other case and more spaces', 'n,,|auth=bEARER   abc||', 'abc'],
    ['of a client that could bind to the channel', 'y,,|auth=Bearer abc||', 'abc'],
    ['that asks where to get a token', 'n,,|auth=||', undefined],
  ])('%s is read', (_, text, token) => {
    expect(decodeBearerResponse(response(text))).toBe(token);
  });

  it('is read as it was written', () => {
    expect(decodeBearerResponse(Buffer.from(encodeBearerResponse('abc')))).toBe('abc');
    expect(decodeBearerResponse(Buffer.from(encodeBearerResponse()))).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['a header alone', 'n,,'],
    ['a header and a separator', 'n,,|'],
    ['no auth', 'n,,||'],
    ['no end', 'n,,|auth=Bearer abc|'],
    ['bytes behind the end', 'n,,|auth=Bearer abc||x'],
    ['two tokens', 'n,,|auth=Bearer abc|auth=Bearer def||'],
    ['a token and a question', 'n,,|auth=|auth=Bearer def||'],
    ['no token behind the scheme', 'n,,|auth=Bearer ||'],
    ['another scheme', 'n,,|auth=Basic abc||'],
    ['two words', 'n,,|auth=Bearer abc def||'],
    ['a NUL', 'n,,|auth=Bearer a\0b||'],
    ['a part without a name', 'n,,|=x|auth=Bearer abc||'],
    ['an identity to act as', 'n,a=admin,|auth=Bearer abc||'],
    ['a channel to bind to', 'p=tls-server-end-point,,|auth=Bearer abc||'],
    ['SCRAM', 'n,,n=,r=rOprNGfwEbeRWgbNEkqO'],
  ])('is refused with %s', (_, text) => {
    expect(() => decodeBearerResponse(response(text))).toThrow(MalformedMessage);
  });

  it('is refused when it is not UTF-8', () => {
    expect(() => decodeBearerResponse(Buffer.from([0x6e, 0x2c, 0x2c, 1, 0xff, 1, 1]))).toThrow(MalformedMessage);
  });
});

describe('a client with a token', () => {
  const client = (): Authenticator => new Authenticator({ user: 'u', password: 'pencil', bearer: 'abc', nonce: 'n' });
  const failure = { configuration: 'https://id.example/.well-known/openid-configuration', scope: 'openid db' };

  it('gives it where OAUTHBEARER is offered, and answers a failure with one separator', async () => {
    const authenticator = client();
    const first = await authenticator.answer({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'] });
    const { mechanism, response: said } = decodeSaslInitialResponse(first ?? Buffer.alloc(0));
    expect([mechanism, said?.toString()]).toEqual(['OAUTHBEARER', 'n,,\x01auth=Bearer abc\x01\x01']);
    const second = await authenticator.answer({ kind: 'sasl-continue', data: encodeBearerFailure(failure) });
    expect(decodeSaslResponse(second ?? Buffer.alloc(0))).toEqual(Buffer.from([1]));
    expect(authenticator.bearerFailure).toEqual(failure);
  });

  it('gives its password where it is not', async () => {
    const first = await client().answer({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256'] });
    expect(decodeSaslInitialResponse(first ?? Buffer.alloc(0)).mechanism).toBe('SCRAM-SHA-256');
  });

  it('does not go on with an exchange that was not begun', async () => {
    await expect(client().answer({ kind: 'sasl-final', data: Buffer.alloc(0) })).rejects.toThrow(ScramFailed);
  });

  it('is told of a failure that is none', () => {
    expect(() => decodeBearerFailure(Buffer.from('no'))).toThrow(MalformedMessage);
    expect(decodeBearerFailure(Buffer.from('{"status":"invalid_token","scope":7}'))).toEqual({});
  });
});
