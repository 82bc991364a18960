import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import type { EventOf, EventType } from '#events';
import { TokenIssuer } from '#identity';
import { freePort } from '../ports.js';
import { TestIdentityProvider } from '../saml/index.js';
import { openPolicy } from './policies.js';
import { ServiceProcess } from './service-process.js';
import { login, startWorld, type World } from './world.js';

/** From an assertion of an identity provider to a session on a real Postgres: nobody in between but the api, the proxy and the log. */
describe('a service account whose provider speaks SAML', () => {
  let world: World;
  let api: ServiceProcess;
  let idp: TestIdentityProvider;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-logins-'));
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    idp = await TestIdentityProvider.make('https://idp.example');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const issuers = [{ issuer: url, audience: 'sallyport', kind: 'own' }];
    world = await startWorld({ policy: openPolicy, issuers });
    const saml = {
      name: 'corp',
      entityId: idp.entityId,
      certificates: [file('idp.pem', idp.certificate)],
      audience: 'urn:sallyport',
    };
    const config = {
      dataDir: world.dataDir,
      issuers,
      clickhouse: { port: await freePort(), password: { file: file('clickhouse', 'nobody-asks') } },
      api: {
        port,
        roles: { admin: ['admins'] },
        login: { saml: [{ ...saml, for: ['tokens'] }] },
        tokens: { keyFile: join(folder, 'key.json') },
      },
    };
    api = await new ServiceProcess('api', file('sallyport.yml', JSON.stringify(config))).start();
  }, 60_000);
  afterAll(async () => {
    await api.end('SIGTERM');
    await world.stop();
    rmSync(folder, { recursive: true });
  }, 30_000);

  const exchange = async (nameId = 'billing-job'): Promise<string> => {
    const assertion = idp.bearerAssertion({ nameId, recipient: `${url}/api/v1/oauth/token` });
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:saml2-bearer', assertion });
    const answer = await fetch(`${url}/api/v1/oauth/token`, { method: 'POST', body });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const ask = (token: string, path: string, body: object) =>
    fetch(`${url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  /** The last of its type, once one is on record. */
  const last = async <T extends EventType>(type: T): Promise<EventOf<T>['data']> => {
    for (const deadline = Date.now() + 5_000; Date.now() < deadline;) {
      const found = (await world.record()).events.filter((event): event is EventOf<T> => event.type === type).at(-1);
      if (found) return found.data;
    }
    throw new Error(`no ${type} is on record`);
  };

  it('connects with the token that its assertion was exchanged for, as who the assertion says', async () => {
    const token = await exchange();
    const client = await world.connect('billing-job', token);
    expect((await client.query('SELECT current_user AS login')).rows).toEqual([{ login: login.name }]);
    await client.end();
    const { jti, exp = 0 } = decodeJwt(token);
    expect(await last('session.authenticated')).toMatchObject({
      principal: { issuer: 'https://idp.example', subject: 'billing-job', kind: 'service', groups: ['approvers', 'agents'] },
      ...{ method: 'issued-token', token: jti, expires: exp * 1000, login: login.name, target: 'main' },
    });
    expect(await last('token.issued')).toMatchObject({ token: jti, grant: 'saml2-bearer' });
  });

  it('loses its session, and is let in no more, once the token was taken back', async () => {
    const token = await exchange();
    const client = await world.connect('billing-job', token);
    const gone = new Promise((resolve) => client.once('error', resolve));
    expect((await ask(token, `tokens/${decodeJwt(token).jti ?? ''}/revoke`, { reason: 'test' })).status).toBe(200);
    await expect(untilRefused(() => world.connect('billing-job', token))).resolves.toBe('28P01');
    await gone;
    expect(await last('session.refused')).toMatchObject({ refusal: 'revoked', stage: 'authentication' });
  });

  it('is kept from other targets than the token is for', async () => {
    const issuer = await TokenIssuer.open({ issuer: url, audience: 'sallyport', keyFile: join(folder, 'key.json') });
    const principal = { issuer: 'https://idp.example', subject: 'carl', kind: 'human' as const, groups: ['agents'] };
    const tokenFor = (target: string) =>
      issuer.sign({ id: target, principal, target, issued: Date.now(), expires: Date.now() + 60_000 });
    await (await world.connect('carl', await tokenFor('main'))).end();
    await expect(world.connect('carl', await tokenFor('other'))).rejects.toMatchObject({
      ...{ code: '28000', message: 'the token is good for target "other" alone' },
    });
  });
});

/** What another process has said takes a moment to be heard. @returns the SQLSTATE of the refusal */
async function untilRefused(connect: () => Promise<{ end(): Promise<void> }>): Promise<unknown> {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline;)
    try {
      await (await connect()).end();
    } catch (error) {
      return (error as { code?: string }).code;
    }
  return 'let in for 5 s';
}
