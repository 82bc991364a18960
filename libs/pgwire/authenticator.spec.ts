import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import {
  Authenticator,
  AuthenticationUnsupported,
  decodePassword,
  decodeSaslInitialResponse,
  decodeSaslResponse,
  md5Password,
  PasswordMissing,
  ScramClient,
  ScramFailed,
} from '#pgwire';

const nonce = 'rOprNGfwEbeRWgbNEkqO';
const binding = Buffer.from('the hash of a certificate');
const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';

/** The server's side, from RFC 5802 by the book. Gives its first message, and its final one for the client's two. */
const server = {
  first: (suffix = 'more', iterations = '4096') => `r=${nonce}${suffix},s=${salt},i=${iterations}`,
  final(password: string, clientFirst: string, serverFirst: string, clientFinal: string): string {
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), 4096, 32, 'sha256');
    const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
    const message = [clientFirst.replace(/^[^,]*,[^,]*,/, ''), serverFirst, clientFinal.replace(/,p=.*$/, '')].join();
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)));
    if (!clientFinal.endsWith(`,p=${proof.toString('base64')}`)) throw new Error('wrong password');
    return `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`;
  },
};

describe('SCRAM', () => {
  it.each([
    ['SCRAM-SHA-256', undefined, 'n,,', 'biws'],
    ['SCRAM-SHA-256', binding, 'y,,', 'eSws'],
    [
      'SCRAM-SHA-256-PLUS',
      binding,
      'p=tls-server-end-point,,',
      Buffer.concat([Buffer.from('p=tls-server-end-point,,'), binding]).toString('base64'),
    ],
  ] as const)('proves both sides to each other (%s, %s)', async (mechanism, bound, gs2, input) => {
    const client = new ScramClient({ mechanism, password: 'pencil', nonce, binding: bound });
    expect(client.first).toBe(`${gs2}n=,r=${nonce}`);
    const final = await client.final(server.first());
    expect(final).toMatch(new RegExp(`^c=${input.replaceAll('+', '\\+')},r=${nonce}more,p=`));
    client.verify(server.final('pencil', client.first, server.first(), final));
    expect(client.isVerified).toBe(true);
  });

  it('trusts no server that does not know the password', async () => {
    const client = new ScramClient({ mechanism: 'SCRAM-SHA-256', password: 'pencil', nonce });
    const final = await client.final(server.first());
    const right = server.final('pencil', client.first, server.first(), final);
    for (const wrong of [right.replace(/.=$/, 'A='), 'v=', '', 'e=other-error', `v=${Buffer.alloc(32).toString('base64')}`])
      expect(() => {
        client.verify(wrong);
      }).toThrow(ScramFailed);
    expect(client.isVerified).toBe(false);
  });

  it.each([
    ['a nonce that is not ours', `r=other,s=${salt},i=4096`],
    ['our nonce with nothing added', server.first('')],
    ['more work than is reasonable', server.first('more', '10000001')],
    ['no work at all', server.first('more', '0')],
    ['an extension that must be understood', `m=x,${server.first()}`],
    ['something else', 'hello'],
  ])('refuses %s', async (_, first) => {
    const client = new ScramClient({ mechanism: 'SCRAM-SHA-256', password: 'pencil', nonce });
    await expect(client.final(first)).rejects.toThrow(ScramFailed);
  });

  it('takes no nonce that would break its messages', () => {
    expect(() => new ScramClient({ mechanism: 'SCRAM-SHA-256', password: 'pencil', nonce: 'a,b' })).toThrow(RangeError);
  });
});

describe('Authenticator', () => {
  const withPassword = new Authenticator({ user: 'bot', password: 'secret', nonce });

  it('answers what the server asks for', async () => {
    await expect(withPassword.answer({ kind: 'ok' })).resolves.toBeUndefined();
    const cleartext = await withPassword.answer({ kind: 'cleartext' });
    expect(decodePassword(cleartext ?? Buffer.alloc(0))).toEqual(Buffer.from('secret'));
    const md5 = await withPassword.answer({ kind: 'md5', salt: Buffer.from([1, 2, 3, 4]) });
    expect(decodePassword(md5 ?? Buffer.alloc(0)).toString()).toBe(md5Password('bot', 'secret', Buffer.from([1, 2, 3, 4])));
  });

  it.each([
    [binding, ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], 'SCRAM-SHA-256-PLUS'],
    [binding, ['SCRAM-SHA-256'], 'SCRAM-SHA-256'],
    [undefined, ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], 'SCRAM-SHA-256'],
  ])('binds the channel where both sides can (%s, %s)', async (bound, mechanisms, chosen) => {
    const authenticator = new Authenticator({ user: 'bot', password: 'secret', nonce, binding: bound });
    const answer = await authenticator.answer({ kind: 'sasl', mechanisms });
    expect(decodeSaslInitialResponse(answer ?? Buffer.alloc(0)).mechanism).toBe(chosen);
  });

  it('lets the server go on only when it has proved itself', async () => {
    const client = new Authenticator({ user: 'bot', password: 'pencil', nonce });
    const first = await client.answer({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256'] });
    const clientFirst = decodeSaslInitialResponse(first ?? Buffer.alloc(0)).response?.toString() ?? '';
    const second = await client.answer({ kind: 'sasl-continue', data: Buffer.from(server.first()) });
    const clientFinal = decodeSaslResponse(second ?? Buffer.alloc(0)).toString();
    await expect(client.answer({ kind: 'ok' })).rejects.toThrow(ScramFailed);
    const data = Buffer.from(server.final('pencil', clientFirst, server.first(), clientFinal));
    await expect(client.answer({ kind: 'sasl-final', data })).resolves.toBeUndefined();
    await expect(client.answer({ kind: 'ok' })).resolves.toBeUndefined();
  });

  it('says what it cannot do', async () => {
    await expect(withPassword.answer({ kind: 'other', code: 7 })).rejects.toThrow(new AuthenticationUnsupported(['GSSAPI']));
    await expect(withPassword.answer({ kind: 'sasl', mechanisms: ['OAUTHBEARER'] })).rejects.toThrow(
      new AuthenticationUnsupported(['OAUTHBEARER']),
    );
    await expect(withPassword.answer({ kind: 'sasl-continue', data: Buffer.from(server.first()) })).rejects.toThrow(ScramFailed);
    const without = new Authenticator({ user: 'bot', nonce });
    await expect(without.answer({ kind: 'cleartext' })).rejects.toThrow(new PasswordMissing('bot'));
    await expect(without.answer({ kind: 'sasl', mechanisms: ['SCRAM-SHA-256'] })).rejects.toThrow(PasswordMissing);
  });
});
