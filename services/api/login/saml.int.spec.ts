import 'reflect-metadata';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { TestIdentityProvider } from '../../../test/saml/index.js';
import { Rig } from '../fixtures/rig.js';
import { badResponses } from '../testing/bad-saml-responses.js';
import { refusedPage } from './browser.js';

const acs = 'http://127.0.0.1:8080/api/v1/login/saml/corp/acs';
let idp: TestIdentityProvider;
let stranger: TestIdentityProvider;
let rig: Rig;

const samlOf = (provider: TestIdentityProvider, name: string, changed: object = {}) => {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-idp-')), 'idp.pem');
  writeFileSync(file, provider.certificate);
  return {
    ...{ name, label: undefined, entityId: provider.entityId, certificates: [file], audience: 'urn:sallyport' },
    ...{ for: ['console' as const], singleSignOnUrl: 'https://idp.example/sso', singleLogoutUrl: 'https://idp.example/slo' },
    ...{ idpInitiated: false, attributes: { groups: 'groups' }, clockSkewSeconds: 30, ...changed },
  };
};

beforeAll(async () => {
  idp = await TestIdentityProvider.make('https://idp.example');
  stranger = await TestIdentityProvider.make('https://idp.example');
  const portal = await TestIdentityProvider.make('https://portal.example');
  portals.push(portal);
  rig = await Rig.start({
    logins: {
      login: { oidc: [], device: undefined, saml: [samlOf(idp, 'corp'), samlOf(portal, 'portal', { idpInitiated: true })] },
    },
  });
});
afterAll(() => rig.stop());
const portals: TestIdentityProvider[] = [];

const ask = (path: string, init: RequestInit = {}) => fetch(`${rig.url}/api/v1/login/${path}`, { redirect: 'manual', ...init });
const post = (name: string, fields: Record<string, string>) =>
  ask(`saml/${name}/acs`, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: 'https://idp.example' } });
const cookieOf = (response: Response, name: string): string | undefined =>
  response.headers.getSetCookie().find((one) => one.startsWith(`${name}=`) && !one.startsWith(`${name}=;`));
const pair = (cookie: string | undefined): string => (cookie ?? '').replace(/;.*/, '');

/** A browser asks to log in. */
async function begin(to = '/approvals') {
  const response = await ask(`saml/corp?to=${encodeURIComponent(to)}`);
  const url = new URL(response.headers.get('location') ?? '');
  const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString('utf8');
  return { url, xml, request: / ID="([^"]+)"/.exec(xml)?.[1] ?? '', mark: cookieOf(response, 'sallyport_login') };
}
const good = (request: string, changed = {}): string => {
  const id = `_${crypto.randomUUID()}`;
  const assertion = idp.sign(idp.assertion({ id, recipient: acs, inResponseTo: request, ...changed }), id);
  return Buffer.from(idp.response(assertion, { inResponseTo: request, destination: acs })).toString('base64');
};
const land = (mark: string | undefined) => ask('landing', { headers: { cookie: pair(mark) } });
const events = async (type: string) => (await rig.record()).filter((event) => event.type === type).map(({ data }) => data);
const outcome = (response: Response) => [
  response.status,
  response.headers.get('location'),
  cookieOf(response, 'sallyport_console'),
];
const refused = [303, refusedPage, undefined];

describe('a login by SAML', () => {
  it('asks the provider, and ends where it began with a cookie that other sites make no use of', async () => {
    const { url, xml, request, mark } = await begin();
    expect(url.origin + url.pathname).toBe('https://idp.example/sso');
    expect(xml).toContain(`AssertionConsumerServiceURL="${acs}"`);
    expect(mark).toMatch(/; Path=\/api\/v1\/login; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    const accepted = await post('corp', { SAMLResponse: good(request), RelayState: 'https://elsewhere.example' });
    expect(outcome(accepted)).toEqual([303, '/api/v1/login/landing', undefined]);
    const landed = await land(mark);
    expect(outcome(landed).slice(0, 2)).toEqual([303, '/approvals']);
    expect(cookieOf(landed, 'sallyport_console')).toMatch(/^sallyport_console=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/);
    const who = await rig.ask(undefined, 'GET', 'login', undefined, { cookie: pair(cookieOf(landed, 'sallyport_console')) });
    expect(who.body).toMatchObject({ issuer: 'https://idp.example', subject: 'anna', roles: ['approver'], method: 'saml' });
    expect((await events('login.succeeded')).at(-1)).toEqual({
      by: { issuer: 'https://idp.example', subject: 'anna' },
      ...{ method: 'saml', address: '127.0.0.1', code: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
  });

  it('ends in no other browser than the one that began it', async () => {
    const { request, mark } = await begin();
    const other = await begin();
    await post('corp', { SAMLResponse: good(request) });
    expect(outcome(await land(other.mark))).toEqual(refused);
    expect(outcome(await land(undefined))).toEqual(refused);
    expect((await events('login.failed')).at(-1)).toEqual({ method: 'saml', reason: 'another-browser', address: '127.0.0.1' });
    expect(outcome(await land(mark)).slice(0, 2)).toEqual([303, '/approvals']);
    expect(outcome(await land(mark))).toEqual(refused);
  });

  it('takes a response once', async () => {
    const { request } = await begin();
    const SAMLResponse = good(request);
    expect((await post('corp', { SAMLResponse })).headers.get('location')).toBe('/api/v1/login/landing');
    expect(outcome(await post('corp', { SAMLResponse }))).toEqual(refused);
    expect((await events('login.failed')).at(-1)).toMatchObject({ reason: 'in-response-to' });
  });

  it.each([
    '//elsewhere.example',
    'https://elsewhere.example/',
    '/\\elsewhere.example',
    '/api/v1/login/end',
    'javascript:alert(1)',
  ])('leads to no page but our own: %s', async (to) => {
    const { request, mark } = await begin(to);
    await post('corp', { SAMLResponse: good(request) });
    expect(outcome(await land(mark)).slice(0, 2)).toEqual([303, '/']);
  });
});

describe('a response', () => {
  // Of each minute so many failures are on record and no more.
  beforeEach(async () => {
    rig.clock.ahead = 60_001;
    await rig.get('viewer', 'policy');
    rig.clock.ahead = 0;
  });

  it.each(badResponses)('%s is refused: %s', async (_, reason, make) => {
    const { request, mark } = await begin();
    const response = await post('corp', { SAMLResponse: make({ idp, stranger, request, acs }) });
    expect([outcome(response), await response.text()]).toEqual([refused, 'See Other. Redirecting to /#login=refused']);
    expect(outcome(await land(mark))).toEqual(refused);
    const [why, landing] = (await events('login.failed')).slice(-2);
    expect([why, landing]).toMatchObject([{ method: 'saml', reason, address: '127.0.0.1' }, { reason: 'another-browser' }]);
  });
});

describe('a provider that begins by itself', () => {
  const answer = (changed = {}): string => {
    const [portal] = portals as [TestIdentityProvider];
    const id = '_unasked';
    const recipient = acs.replace('corp', 'portal');
    const assertion = portal.sign(
      portal.assertion({ id, recipient, nameId: 'vic', attributes: { groups: ['viewers'] }, ...changed }),
      id,
    );
    return Buffer.from(portal.response(assertion)).toString('base64');
  };

  it('is heard where the configuration says so, once', async () => {
    const accepted = await post('portal', { SAMLResponse: answer(), RelayState: '/sessions?live=true' });
    expect(outcome(accepted)).toEqual([303, '/api/v1/login/landing', undefined]);
    expect(outcome(await land(cookieOf(accepted, 'sallyport_login'))).slice(0, 2)).toEqual([303, '/sessions?live=true']);
    expect(outcome(await post('portal', { SAMLResponse: answer() }))).toEqual(refused);
    expect((await events('login.failed')).at(-1)).toMatchObject({ reason: 'replayed' });
  });
});
