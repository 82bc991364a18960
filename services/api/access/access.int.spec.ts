import 'reflect-metadata';
import { documentOf } from '../application.js';
import { RecordedSession } from '../fixtures/recorded.js';
import { consoleCode, Rig } from '../fixtures/rig.js';

const session = '01936f00-0000-7000-8000-000000000001';
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ before: new RecordedSession(session).read(['Ada']).closed().drafts });
});
afterAll(() => rig.stop());

const everyone = ['viewer', 'responder', 'approver', 'auditor'];
const anyone = 'anyone';
const loggedIn = 'logged-in';
const permissions: Record<string, unknown> = {
  'get health': anyone,
  'get login/ways': anyone,
  'post login/code': anyone,
  'get whoami': loggedIn,
  'get access': everyone,
  'post login/break-glass': anyone,
  'get login/oidc/{name}': anyone,
  'get login/oidc/{name}/callback': anyone,
  'get login/saml/{name}': anyone,
  'get login/saml/{name}/metadata': anyone,
  'post login/saml/{name}/acs': anyone,
  'get login/landing': anyone,
  'get login/saml/{name}/logout': anyone,
  'post login/saml/{name}/logout': anyone,
  'post oauth/token': anyone,
  'get /.well-known/jwks.json': anyone,
  'get /.well-known/openid-configuration': anyone,
  'get login': loggedIn,
  'post login/end': loggedIn,
  'get tokens': loggedIn,
  'post tokens': loggedIn,
  'post tokens/{id}/revoke': loggedIn,
  'get sessions': everyone,
  'get sessions/{id}': everyone,
  'get sessions/{id}/steps': everyone,
  'get sessions/{id}/steps/{seq}': everyone,
  'get sessions/{id}/replay': everyone,
  'get statements': everyone,
  'get tail': everyone,
  'get approvals': everyone,
  'get approvals/{id}': everyone,
  'post approvals/{id}/grant': ['approver'],
  'post approvals/{id}/deny': ['approver'],
  'post approvals/{id}/withdraw': ['approver'],
  'get alerts': everyone,
  'get policy': everyone,
  'get reports/access': ['auditor'],
  'get reports/access/export': ['auditor'],
};
const events = async (type: string) => (await rig.record()).filter((event) => event.type === type);

describe('every route', () => {
  const routes = () =>
    Object.entries(documentOf(rig.app, 'test').paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Record<string, unknown>>).map(([method, route]) => ({
        name: `${method} ${path.replace('/api/v1/', '')}`,
        method: method.toUpperCase(),
        path: path.replace('/api/v1/', '').replace('{id}', session).replace('{seq}', '0'),
        roles: route['x-roles'],
      })),
    );

  it('lets in whom this table says', () => {
    expect(Object.fromEntries(routes().map(({ name, roles }) => [name, roles]))).toEqual(permissions);
  });

  it('refuses who is nobody, and who has no role', async () => {
    const closed = routes().filter(({ roles }) => roles !== anyone);
    expect(closed.length).toBeGreaterThan(10);
    for (const { method, path, roles } of closed) {
      const body = method === 'POST' ? {} : undefined;
      expect([path, await rig.ask(undefined, method, path, body)]).toMatchObject([
        path,
        { status: 401, body: { code: 'not-authenticated' } },
      ]);
    }
    for (const { method, path } of closed.filter(({ roles }) => roles !== loggedIn)) {
      const body = method === 'POST' ? {} : undefined;
      expect([path, await rig.ask('nobody', method, path, body)]).toMatchObject([
        path,
        { status: 403, body: { code: 'not-allowed' } },
      ]);
    }
  });
});

describe('a login', () => {
  it('by token is on record once, and a refused one with a reason', async () => {
    await rig.get('responder', 'login');
    await rig.get('responder', 'login');
    const rui = { by: { issuer: 'sallyport', subject: 'rui' }, method: 'service-token' };
    expect((await events('login.succeeded')).filter(({ data }) => JSON.stringify(data).includes('rui'))).toMatchObject([
      { data: rui },
    ]);
    const answer = await rig.ask(undefined, 'GET', 'sessions', undefined, { authorization: 'Bearer spt_wrong' });
    expect(answer).toMatchObject({ status: 401, type: 'application/problem+json' });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="sallyport"');
    expect((await events('login.failed')).at(-1)?.data).toEqual({
      ...{ method: 'bearer', reason: 'service-token', address: '127.0.0.1' },
    });
  });

  it('says who one is', async () => {
    expect(await rig.get('auditor', 'login')).toMatchObject({
      body: { issuer: 'sallyport', subject: 'aya', groups: ['auditors'], roles: ['auditor'] },
    });
    expect(await rig.get('admin', 'login')).toMatchObject({ body: { roles: [...everyone, 'admin'] } });
  });
});

describe('the console', () => {
  it('logs in once by its code, and changes nothing without the header', async () => {
    const wrong = await rig.ask(undefined, 'POST', 'login/code', { code: 'guess' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'login-refused' } });
    const right = await rig.ask(undefined, 'POST', 'login/code', { code: consoleCode });
    const cookie = right.headers.get('set-cookie') ?? '';
    expect(right).toMatchObject({ status: 200, body: { subject: 'console', roles: [...everyone, 'admin'] } });
    expect(cookie).toMatch(/^sallyport_console=[\w-]{43}; Path=\/api; HttpOnly; SameSite=Strict$/);
    const again = await rig.ask(undefined, 'POST', 'login/code', { code: consoleCode });
    expect(again).toMatchObject({ status: 401, body: { code: 'login-refused' } });

    const sent = { cookie: cookie.replace(/;.*/, '') };
    const csrf = { ...sent, 'x-sallyport-csrf': '1' };
    expect(await rig.ask(undefined, 'GET', 'sessions', undefined, sent)).toMatchObject({ status: 200 });
    const grant = `approvals/${session}/grant`;
    expect(await rig.ask(undefined, 'POST', grant, {}, sent)).toMatchObject({
      status: 403,
      body: { code: 'csrf-header-missing' },
    });
    expect(await rig.ask(undefined, 'POST', grant, {}, csrf)).toMatchObject({ status: 404 });

    rig.clock.ahead = 3_600_001;
    expect(await rig.ask(undefined, 'GET', 'sessions', undefined, sent)).toMatchObject({ status: 401 });
    rig.clock.ahead = 0;
  });
});

describe('a read', () => {
  it('is on record before it is answered, once a login, resource and minute', async () => {
    const viewedBy = async (subject: string) =>
      (await events('access.viewed')).flatMap(({ data }) =>
        'by' in data && 'route' in data && (data.by as { subject: string }).subject === subject ? [data] : [],
      );
    const before = (await viewedBy('vic')).length;
    await rig.get('viewer', `sessions/${session}/steps/1`);
    await rig.get('viewer', `sessions/${session}/steps/2`);
    await rig.get('viewer', 'policy');
    expect((await viewedBy('vic')).slice(before)).toMatchObject([
      { resource: `sessions/${session}`, session, route: 'GET sessions/:id/steps/:seq' },
      { resource: 'policy', route: 'GET policy' },
    ]);
  });

  it('is on record where only its head is asked for', async () => {
    expect(await rig.ask('responder', 'HEAD', 'policy')).toMatchObject({ status: 404 });
    expect((await events('access.viewed')).at(-1)?.data).toMatchObject({ by: { subject: 'rui' }, resource: 'policy' });
  });

  it('of an id that is none names no session: every event stays one that can be read', async () => {
    expect(await rig.get('auditor', 'sessions/%22%00')).toMatchObject({ status: 400 });
    expect((await events('access.viewed')).at(-1)?.data).toEqual({
      ...{ by: { issuer: 'sallyport', subject: 'aya' }, resource: 'sessions/%22%00', route: 'GET sessions/:id' },
    });
  });

  it('is of no use to a browser that another site steers', async () => {
    const { headers } = await rig.get('viewer', 'sessions');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});
