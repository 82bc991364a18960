import { jest } from '@jest/globals';
import { exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { type Authenticated, AuthenticationFailed, Authenticator, type Issuer, keyTimes } from '#identity';
import { newKey, TestIssuer } from '../../test/oidc/provider.js';

describe('an access token', () => {
  let issuer: TestIssuer;
  beforeAll(() => {
    jest.spyOn(console, 'warn').mockReturnValue(); // the provider says of itself that it is for tests
  });
  beforeEach(async () => {
    issuer = await TestIssuer.start();
  });
  afterEach(() => issuer.stop());

  const refreshMs = keyTimes.refreshSeconds * 1000;
  const outageMs = keyTimes.outageSeconds * 1000;
  const start = Math.floor(Date.now() / 1000) * 1000;
  const seconds = start / 1000;
  const trusted = (options: Partial<Issuer> = {}): Authenticator =>
    new Authenticator({
      issuers: [
        {
          issuer: issuer.url,
          audience: 'sallyport',
          algorithms: ['ES256'],
          claims: { subject: 'sub', groups: 'groups' },
          clockSkewSeconds: 30,
          ...options,
        },
      ],
    });
  const claims = (changed: Record<string, unknown> = {}): JWTPayload => ({
    aud: 'sallyport',
    client_id: 'console',
    exp: seconds + 900,
    groups: ['approvers'],
    iss: issuer.url,
    sub: 'anna',
    ...changed,
  });
  const outcome = (who: Promise<Authenticated>): Promise<string> =>
    who.then(
      ({ principal }) => principal.subject,
      (error: unknown) => (error instanceof AuthenticationFailed ? error.code : String(error)),
    );

  it("is taken from a real provider's client credentials, as an agent's", async () => {
    const {
      tokenId,
      expires,
      goodUntil,
      claims: said,
      ...who
    } = await trusted().authenticate(await issuer.fetchToken('billing-bot'), Date.now());
    expect(said).toMatchObject({ iss: issuer.url, sub: 'billing-bot' });
    expect(who).toEqual({
      actors: [],
      run: {},
      method: 'oidc',
      principal: { groups: ['agents', 'billing'], issuer: issuer.url, kind: 'agent', subject: 'billing-bot' },
    });
    expect(tokenId).toMatch(/^\S{10,}$/);
    expect(expires).toBeGreaterThan(Date.now() + 800_000);
    expect(goodUntil).toBe((expires ?? 0) + 30_000);
  });

  it("is a person's when its subject is not its client", async () => {
    const { claims: said, ...who } = await trusted().authenticate(await issuer.sign(claims({ jti: 'j' })), start);
    expect(said).toMatchObject({ jti: 'j', sub: 'anna' });
    expect(who).toEqual({
      actors: [],
      run: {},
      expires: start + 900_000,
      goodUntil: start + 930_000,
      method: 'oidc',
      principal: { groups: ['approvers'], issuer: issuer.url, kind: 'human', subject: 'anna' },
      tokenId: 'j',
    });
  });

  it('is read by the claims that the configuration names', async () => {
    const authenticator = trusted({ claims: { subject: 'email', groups: 'realm_access.roles', kind: 'https://x.example/kind' } });
    const token = await issuer.sign(
      claims({ email: 'rui', realm_access: { roles: 'responders' }, 'https://x.example/kind': 'service' }),
    );
    expect((await authenticator.authenticate(token, start)).principal).toEqual({
      groups: ['responders'],
      issuer: issuer.url,
      kind: 'service',
      subject: 'rui',
    });
  });

  it.each<[string, Record<string, unknown>, { alg?: string; kid?: string; typ?: string }, string]>([
    ['has expired', { exp: seconds - 31 }, {}, 'expired'],
    ['expired within the skew', { exp: seconds - 29 }, {}, 'anna'],
    ['never expires', { exp: undefined }, {}, 'claims'],
    ['is not valid yet', { nbf: seconds + 31 }, {}, 'not-yet-valid'],
    ['is for another audience', { aud: 'console' }, {}, 'audience'],
    ['is for no audience', { aud: undefined }, {}, 'audience'],
    ['is from another issuer', { iss: 'https://elsewhere.example' }, {}, 'issuer'],
    ['has no subject', { sub: undefined }, {}, 'claims'],
    ['has an empty subject', { sub: '' }, {}, 'claims'],
    ['has groups that are no texts', { groups: [{ name: 'admins' }] }, {}, 'claims'],
    ['is bound to a key of its client', { cnf: { jkt: 'x' } }, {}, 'sender-constrained'],
    ['is a logout token', {}, { typ: 'logout+jwt' }, 'type'],
    ['is an access token by name', {}, { typ: 'at+jwt' }, 'anna'],
    ['is signed with an algorithm that is not accepted', {}, { alg: 'RS256' }, 'algorithm'],
    ['names a key that is not published', {}, { kid: 'other' }, 'key'],
  ])('that %s ends as it should', async (_, changed, header, expected) => {
    const key = header.alg === undefined ? undefined : await newKey('first', header.alg);
    expect(await outcome(trusted().authenticate(await issuer.sign(claims(changed), header, key), start))).toBe(expected);
  });

  it('is refused when one character of it was changed', async () => {
    const [header = '', payload = '', signature = ''] = (await issuer.sign(claims())).split('.');
    const other = Buffer.from(payload, 'base64url').toString().replace('approvers', 'sallyport');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const forged = [`${header}.${Buffer.from(other).toString('base64url')}.${signature}`, `${header}.${payload}.${flipped}`];
    for (const token of forged) expect(await outcome(trusted().authenticate(token, start))).toBe('signature');
  });

  it('is refused when it is signed by nobody, by a stranger, or with the public key as a shared secret', async () => {
    const shared = new TextEncoder().encode(
      await exportSPKI((await importJWK(issuer.publicKey, 'ES256', { extractable: true })) as CryptoKey),
    );
    const { privateKey: stranger } = await generateKeyPair('ES256');
    const forged = [
      new UnsecuredJWT(claims()).encode(),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(shared),
      await new SignJWT(claims()).setProtectedHeader({ alg: 'ES256', kid: 'first' }).sign(stranger),
    ];
    expect(await Promise.all(forged.map((token) => outcome(trusted().authenticate(token, start))))).toEqual([
      'algorithm',
      'algorithm',
      'signature',
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'hunter2'],
    ['three words', 'a.b.c'],
  ])('is not %s', async (_, secret) => {
    const failure = await trusted()
      .authenticate(secret, start)
      .catch((error: unknown) => error);
    expect(failure).toEqual(new AuthenticationFailed('malformed'));
  });

  it('signed with a new key is taken at once', async () => {
    const authenticator = trusted();
    await authenticator.authenticate(await issuer.sign(claims()), start);
    await issuer.rotate('second');
    expect(await outcome(authenticator.authenticate(await issuer.sign(claims()), start))).toBe('anna');
  });

  it('signed with a key that the issuer withdrew is refused once the keys are asked for anew', async () => {
    const authenticator = trusted();
    const token = await issuer.sign(claims());
    await authenticator.authenticate(token, start);
    await issuer.rotate('second');
    expect(await outcome(authenticator.authenticate(token, start + refreshMs - 1))).toBe('anna');
    expect(await outcome(authenticator.authenticate(token, start + refreshMs))).toBe('key');
  });

  it('is checked with the last known keys while the issuer is down, for as long as is promised', async () => {
    const authenticator = trusted();
    const token = await issuer.sign(claims({ exp: seconds + 86_400 }));
    await authenticator.authenticate(token, start);
    await issuer.stop();
    expect(await outcome(authenticator.authenticate(token, start + outageMs - 1))).toBe('anna');
    expect(await outcome(authenticator.authenticate(token, start + outageMs))).toBe('issuer-unavailable');
  });

  it('cannot be checked when the issuer was never reached, and can once it is back', async () => {
    const token = await issuer.sign(claims());
    await issuer.stop();
    const authenticator = trusted();
    expect(await outcome(authenticator.authenticate(token, start))).toBe('issuer-unavailable');
    await issuer.listen();
    expect(await outcome(authenticator.authenticate(token, start + 1_000))).toBe('anna');
  });

  it('is not in what its refusal says, cause included', async () => {
    const failure = (await trusted()
      .authenticate(await issuer.sign(claims({ exp: seconds - 100, secret: 'hunter2' })), start)
      .catch((error: unknown) => error)) as Error;
    expect(JSON.stringify([failure.message, failure.cause, Object.entries(failure.cause ?? {})])).not.toContain('hunter2');
  });
});
