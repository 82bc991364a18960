import 'reflect-metadata';
import { keyTimes } from '#identity';
import { browse, type BrowserSession, type DemoIssuer, startDemoIssuer } from '../../../test/openid/index.js';
import { freePort } from '../../../test/ports.js';
import { Rig } from '../fixtures/rig.js';
import { refusedPage } from './browser.js';

let issuer: DemoIssuer;
let rig: Rig;
beforeAll(async () => {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  issuer = await startDemoIssuer(publicUrl);
  const oidc = [{ name: 'demo', label: 'the demo', issuer: issuer.url, clientId: 'sallyport-console', scopes: ['openid'] }];
  rig = await Rig.start({
    port,
    logins: {
      publicUrl,
      login: { oidc, saml: [], device: undefined },
      issuers: [
        {
          ...{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256' as const], clockSkewSeconds: 30 },
          keys: keyTimes,
          claims: { subject: 'sub', groups: 'groups', kind: 'kind' },
        },
      ],
    },
  });
}, 30_000);
afterAll(async () => {
  await rig.stop();
  await issuer.stop();
});

const login = (to = ''): string => `${rig.url}/api/v1/login/oidc/demo${to}`;
const isCallback = (url: URL): boolean => url.pathname.endsWith('/callback');
const isConsole = (url: URL): boolean => url.origin === rig.url && !url.pathname.startsWith('/api/');

/** Somebody clicks who they are. @returns the address that the issuer sends the browser back to */
async function choose(browser: BrowserSession, person: string, to = ''): Promise<URL> {
  const { url } = await browser.open(login(to));
  expect(url.pathname).toMatch(/^\/interaction\//);
  const back = await browser.open(url.href, { method: 'POST', body: new URLSearchParams({ person }) }, isCallback);
  return back.url;
}
const session = (browser: BrowserSession): string | undefined => browser.cookies.get(`${rig.url} sallyport_console`);
const events = async (type: string) => (await rig.record()).filter((event) => event.type === type).map(({ data }) => data);

describe('a login by OpenID Connect', () => {
  it('goes by code with PKCE, state and nonce, and ends where it began', async () => {
    const browser = browse();
    const asked = (await browser.open(login('?to=/alerts'), {}, ({ origin }) => origin === issuer.url)).url.searchParams;
    expect(Object.fromEntries(asked)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256', scope: 'openid' });
    expect([asked.get('state'), asked.get('nonce'), asked.get('code_challenge')].map((one) => one?.length)).toEqual([43, 43, 43]);
    const back = await choose(browser, 'anna', '?to=/alerts');
    expect((await browser.open(back.href, {}, isConsole)).url.pathname).toBe('/alerts');
    const who = await rig.ask(undefined, 'GET', 'login', undefined, { cookie: `sallyport_console=${session(browser) ?? ''}` });
    expect(who.body).toMatchObject({ issuer: issuer.url, subject: 'anna', roles: ['approver'], method: 'oidc' });
    expect((await events('login.succeeded')).at(-1)).toEqual({
      ...{ by: { issuer: issuer.url, subject: 'anna' }, method: 'oidc', address: '127.0.0.1' },
    });
  });

  it('of somebody without a role shows them nothing but who they are', async () => {
    const browser = browse();
    await browser.open((await choose(browser, 'nobody')).href, {}, isConsole);
    const cookie = { cookie: `sallyport_console=${session(browser) ?? ''}` };
    expect(await rig.ask(undefined, 'GET', 'login', undefined, cookie)).toMatchObject({ status: 200, body: { roles: [] } });
    expect(await rig.ask(undefined, 'GET', 'sessions', undefined, cookie)).toMatchObject({ status: 403 });
  });

  it.each([
    ['another browser', 'another-browser', (_: BrowserSession, back: URL) => browse().open(back.href, {}, isConsole)],
    [
      'another state',
      'issuer-refused',
      (browser: BrowserSession, back: URL) => {
        back.searchParams.set('state', 'forged');
        return browser.open(back.href, {}, isConsole);
      },
    ],
    [
      'another code',
      'issuer-refused',
      (browser: BrowserSession, back: URL) => {
        back.searchParams.set('code', 'forged');
        return browser.open(back.href, {}, isConsole);
      },
    ],
    [
      'an error of the issuer',
      'issuer-refused',
      (browser: BrowserSession, back: URL) => {
        back.searchParams.delete('code');
        back.searchParams.set('error', 'access_denied');
        return browser.open(back.href, {}, isConsole);
      },
    ],
  ])('ends with nobody logged in, come back with %s', async (_, reason, comeBack) => {
    const browser = browse();
    const { url } = await comeBack(browser, await choose(browser, 'anna'));
    expect([url.href.slice(rig.url.length), session(browser)]).toEqual([refusedPage, undefined]);
    expect((await events('login.failed')).at(-1)).toEqual({ method: 'oidc', reason, address: '127.0.0.1' });
  });

  it('comes back once', async () => {
    const browser = browse();
    const back = await choose(browser, 'vic');
    await browser.open(back.href, {}, isConsole);
    expect((await browser.open(back.href, {}, isConsole)).url.hash).toBe('#login=refused');
  });
});

describe('a session of a browser', () => {
  const loggedIn = async (person = 'anna') => {
    const browser = browse();
    await browser.open((await choose(browser, person)).href, {}, isConsole);
    return { browser, cookie: { cookie: `sallyport_console=${session(browser) ?? ''}` } };
  };
  const status = async (cookie: Record<string, string>) => (await rig.ask(undefined, 'GET', 'login', undefined, cookie)).status;

  it('has another cookie after each login, and the one before is good for nothing', async () => {
    const { browser, cookie } = await loggedIn();
    const again = await browser.open(login(), {}, isConsole); // the issuer knows who it is
    expect(again.url.pathname).toBe('/');
    expect(`sallyport_console=${session(browser) ?? ''}`).not.toBe(cookie.cookie);
    expect(await status(cookie)).toBe(401);
  });

  it('ends after half an hour of nothing, and after eight hours whatever happens', async () => {
    const idle = (await loggedIn()).cookie;
    const busy = (await loggedIn()).cookie;
    rig.clock.ahead = 20 * 60_000;
    expect(await status(busy)).toBe(200);
    rig.clock.ahead = 31 * 60_000;
    expect([await status(busy), await status(idle)]).toEqual([200, 401]);
    for (let minutes = 31; minutes <= 480; minutes += 29) {
      rig.clock.ahead = minutes * 60_000;
      await status(busy);
    }
    rig.clock.ahead = 480 * 60_000 + 30_000;
    expect(await status(busy)).toBe(401);
    rig.clock.ahead = 0;
    await rig.get('viewer', 'policy'); // is on record after all that came before
    const by = { issuer: issuer.url, subject: 'anna' };
    expect(await events('login.ended')).toEqual(
      expect.arrayContaining([
        { by, reason: 'idle' },
        { by, reason: 'expired' },
      ]),
    );
  });

  it("ends by logging out, which leads on to the issuer's own", async () => {
    const { cookie } = await loggedIn('vic');
    const csrf = { ...cookie, 'x-sallyport-csrf': '1' };
    expect(await rig.ask(undefined, 'POST', 'login/end', undefined, cookie)).toMatchObject({ status: 403 });
    const out = await rig.ask(undefined, 'POST', 'login/end', undefined, csrf);
    const next = new URL((out.body as { next: string }).next);
    expect([next.origin, next.searchParams.get('post_logout_redirect_uri')]).toEqual([issuer.url, `${rig.url}/`]);
    expect(await status(cookie)).toBe(401);
    expect((await events('login.ended')).at(-1)).toEqual({ by: { issuer: issuer.url, subject: 'vic' }, reason: 'logout' });
  });
});
