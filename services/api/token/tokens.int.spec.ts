import 'reflect-metadata';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { keyTimes, type LoginRefusal, TokenIssuer } from '#identity';
import { type AssertionFacts, TestIdentityProvider } from '../../../test/saml/index.js';
import { Rig } from '../fixtures/rig.js';

const publicUrl = 'http://127.0.0.1:8080';
const folder = mkdtempSync(join(tmpdir(), 'sallyport-tokens-'));
const keyFile = join(folder, 'secrets', 'key.json');
let idp: TestIdentityProvider;
let rig: Rig;

async function startRig(root?: string): Promise<Rig> {
  const certificate = join(folder, 'idp.pem');
  writeFileSync(certificate, idp.certificate);
  const saml = {
    ...{ name: 'corp', label: undefined, entityId: idp.entityId, certificates: [certificate], audience: 'urn:sallyport' },
    ...{ for: ['tokens' as const], idpInitiated: false, attributes: { groups: 'groups' }, clockSkewSeconds: 30 },
  };
  const issuer = await TokenIssuer.open({ issuer: publicUrl, audience: 'sallyport', keyFile });
  return Rig.start({
    ...(root !== undefined && { root }),
    logins: {
      login: { oidc: [], device: undefined, saml: [saml] },
      tokens: { issuer, ttlSeconds: 900 },
      issuers: [
        {
          ...{
            issuer: publicUrl,
            audience: 'sallyport',
            algorithms: ['ES256' as const],
            clockSkewSeconds: 30,
            kind: 'own' as const,
          },
          keys: keyTimes,
          claims: { subject: 'sub', groups: 'groups', kind: 'kind' },
        },
      ],
    },
  });
}
beforeAll(async () => {
  idp = await TestIdentityProvider.make('https://idp.example');
  rig = await startRig();
});
afterAll(() => rig.stop());

const grantType = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
async function exchange(fields: Record<string, string>) {
  const response = await fetch(`${rig.url}/api/v1/oauth/token`, { method: 'POST', body: new URLSearchParams(fields) });
  const body = (await response.json()) as { access_token?: string };
  return { status: response.status, cache: response.headers.get('cache-control'), body, token: body.access_token ?? '' };
}
const assertionFor = (changed: Partial<AssertionFacts> = {}): string =>
  idp.bearerAssertion({ nameId: 'billing-job', ...changed });
const tokenFor = async (changed: Partial<AssertionFacts> = {}): Promise<string> =>
  (await exchange({ grant_type: grantType, assertion: assertionFor(changed) })).token;
const as = (token: string, method: string, path: string, body?: unknown) =>
  rig.ask(undefined, method, path, body, { authorization: `Bearer ${token}` });
const events = async (type: string) => (await rig.record()).filter((event) => event.type === type).map(({ data }) => data);
const job = { issuer: 'https://idp.example', subject: 'billing-job' };

describe('an assertion', () => {
  it('is exchanged for a short-lived token of the same principal, which is on record first', async () => {
    const { status, cache, body, token } = await exchange({ grant_type: grantType, assertion: assertionFor() });
    expect([status, cache, { ...body, access_token: '' }]).toEqual([
      ...[200, 'no-store', { access_token: '', token_type: 'Bearer', expires_in: expect.any(Number) as number }],
    ]);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      ...{ iss: publicUrl, aud: 'sallyport', sub: 'billing-job', kind: 'service', groups: ['approvers', 'agents'] },
      ...{ client_id: 'sallyport', sallyport_issuer: 'https://idp.example', jti: claims.jti, iat: claims.iat, exp: claims.exp },
    });
    expect(((claims.exp ?? 0) - (claims.iat ?? 0)) / 10).toBeCloseTo(90, 0);
    expect((await events('token.issued')).at(-1)).toEqual({
      ...{ token: claims.jti, principal: job, by: job, grant: 'saml2-bearer', expires: (claims.exp ?? 0) * 1000 },
      ...{ address: '127.0.0.1', code: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(await as(token, 'GET', 'login')).toMatchObject({ body: { ...job, roles: ['approver'], method: 'issued-token' } });
  });

  it('is taken once, and not again after a restart', async () => {
    const assertion = assertionFor();
    expect((await exchange({ grant_type: grantType, assertion })).status).toBe(200);
    expect((await exchange({ grant_type: grantType, assertion })).status).toBe(400);
    await rig.leave();
    rig = await startRig(rig.root);
    expect((await exchange({ grant_type: grantType, assertion })).status).toBe(400);
    expect((await events('login.failed')).slice(-2)).toEqual(
      Array(2).fill({ method: 'saml2-bearer', reason: 'replayed', address: '127.0.0.1' }),
    );
  });

  const now = Date.now();
  const bad: readonly (readonly [string, LoginRefusal, () => string])[] = [
    ['for another audience', 'audience', () => assertionFor({ audience: 'urn:other' })],
    ['for the login of a browser', 'recipient', () => assertionFor({ recipient: `${publicUrl}/api/v1/login/saml/corp/acs` })],
    ['that has expired', 'expired', () => assertionFor({ notOnOrAfter: now - 60_000 })],
    ['that answers a request', 'in-response-to', () => assertionFor({ inResponseTo: '_x' })],
    ['of an issuer nobody knows', 'issuer', () => assertionFor({ issuer: 'https://other.example' })],
    ['that is not signed', 'unsigned', () => Buffer.from(idp.assertion()).toString('base64url')],
    [
      'that was changed',
      'signature',
      () =>
        Buffer.from(Buffer.from(assertionFor(), 'base64url').toString().replace('billing-job', 'admin')).toString('base64url'),
    ],
    [
      'within a response',
      'issuer',
      () => Buffer.from(idp.response(idp.assertion(), { issuer: undefined })).toString('base64url'),
    ],
    ['that is encrypted', 'issuer', () => Buffer.from('<EncryptedAssertion/>').toString('base64url')],
    ['that is none', 'malformed', () => 'e30'],
  ];
  it.each(bad)('%s is refused: %s, and whoever sent it is told the same', async (_, reason, make) => {
    const { status, body } = await exchange({ grant_type: grantType, assertion: make() });
    expect([status, body]).toEqual([400, { error: 'invalid_grant', error_description: 'the assertion was not accepted' }]);
    expect((await events('login.failed')).at(-1)).toEqual({ method: 'saml2-bearer', reason, address: '127.0.0.1' });
  });

  it.each([
    [{ grant_type: 'password', assertion: 'x' }, 'unsupported_grant_type'],
    [{ grant_type: grantType }, 'invalid_request'],
    [{ assertion: 'x' }, 'invalid_request'],
  ])('needs the form of RFC 7522: %j', async (fields, error) => {
    expect(await exchange(fields as Record<string, string>)).toMatchObject({ status: 400, body: { error } });
  });
});

describe('the issuer', () => {
  it('publishes its key where the discovery document says', async () => {
    const discovery = (await (await fetch(`${rig.url}/.well-known/openid-configuration`)).json()) as { jwks_uri: string };
    expect(discovery).toMatchObject({ issuer: publicUrl, token_endpoint: `${publicUrl}/api/v1/oauth/token` });
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri.replace(publicUrl, rig.url)));
    const { payload } = await jwtVerify(await tokenFor(), keys, { issuer: publicUrl, audience: 'sallyport', typ: 'at+jwt' });
    expect(payload.sub).toBe('billing-job');
    expect(await (await fetch(`${rig.url}/.well-known/jwks.json`)).text()).not.toContain('"d"');
  });

  it('keeps its key to itself, and takes none that others may read', async () => {
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const copy = join(folder, 'copied.json');
    writeFileSync(copy, readFileSync(keyFile), { mode: 0o644 });
    await expect(TokenIssuer.open({ issuer: publicUrl, audience: 'sallyport', keyFile: copy })).rejects.toThrow('0600');
  });
});

describe('a token for the database', () => {
  const ask = async (who: 'viewer' | 'nobody' | 'admin', body: object = {}) => {
    const answer = await rig.ask(who, 'POST', 'tokens', body);
    return { ...answer, ...(answer.body as { id: string; token: string; expires: number }) };
  };

  it('is given to whoever is logged in, role or not, for a target and a while', async () => {
    const { status, id, token, body } = await ask('nobody', { target: 'shop', ttlSeconds: 60 });
    const { exp = 0, iat = 0, ...claims } = decodeJwt(token);
    expect([status, body]).toMatchObject([200, { user: 'nob', target: 'shop', expires: exp * 1000 }]);
    expect(exp - iat).toBeLessThanOrEqual(60);
    expect(claims).toMatchObject({ jti: id, sub: 'nob', sallyport_issuer: 'sallyport', sallyport_target: 'shop' });
    expect((await events('token.issued')).at(-1)).toMatchObject({ token: id, grant: 'login', target: 'shop' });
  });

  it('ends no later than the configuration says', async () => {
    const { expires } = await ask('viewer', { ttlSeconds: 43_200 });
    expect(expires).toBeLessThanOrEqual(Date.now() + 900_000);
  });

  it('gets no other token, so that nobody has one for ever', async () => {
    const { token } = await ask('viewer');
    expect(await as(token, 'POST', 'tokens', {})).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  });

  it('is listed for whom it stands for, and never shown again', async () => {
    const { id, token } = await ask('viewer');
    const { body } = await rig.get('viewer', 'tokens');
    expect((body as { items: { id: string }[] }).items.map((one) => one.id)).toContain(id);
    expect(JSON.stringify(body)).not.toContain(token);
    expect(JSON.stringify((await rig.get('nobody', 'tokens')).body)).not.toContain(id);
  });

  it('is taken back by whom it stands for, or by an admin, and is refused from then on, after a restart too', async () => {
    const [own, others] = [await ask('viewer'), await ask('viewer')];
    expect(await rig.ask('nobody', 'POST', `tokens/${own.id}/revoke`, {})).toMatchObject({ status: 404 });
    expect(await as(own.token, 'GET', 'login')).toMatchObject({ status: 200 });
    expect(await rig.ask('viewer', 'POST', `tokens/${own.id}/revoke`, { reason: 'lost' })).toMatchObject({ status: 200 });
    expect(await rig.ask('admin', 'POST', `tokens/${others.id}/revoke`, {})).toMatchObject({ status: 200 });
    const vic = { issuer: 'sallyport', subject: 'vic' };
    expect((await events('token.revoked')).slice(-2)).toEqual([
      { token: own.id, by: vic, reason: 'lost', expires: own.expires },
      { token: others.id, by: { issuer: 'sallyport', subject: 'ada' }, expires: others.expires },
    ]);
    expect(await as(own.token, 'GET', 'login')).toMatchObject({ status: 401, body: { code: 'not-authenticated' } });
    await rig.leave();
    rig = await startRig(rig.root);
    expect(await as(others.token, 'GET', 'login')).toMatchObject({ status: 401 });
    expect((await events('login.failed')).at(-1)).toEqual({ method: 'bearer', reason: 'revoked', address: '127.0.0.1' });
  });
});
