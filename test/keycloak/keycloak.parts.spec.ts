import { jest } from '@jest/globals';
import { login, startWorld, type World } from '../e2e/world.js';
import { describePart, java, maven } from '../parts.js';
import { Keycloak } from './keycloak.js';

jest.setTimeout(60_000);
const realm = 'company';
const bot = { id: 'billing-bot', secret: 'of-this-test-alone' };

describePart([java, maven], 'a real Keycloak', () => {
  const keycloak = new Keycloak();
  let world: World;

  beforeAll(async () => {
    await keycloak.start();
    await keycloak.createRealm({
      realm,
      enabled: true,
      sslRequired: 'none',
      roles: { realm: [{ name: 'agents' }] },
      clients: [
        {
          ...{ clientId: bot.id, secret: bot.secret, enabled: true },
          ...{ publicClient: false, standardFlowEnabled: false, serviceAccountsEnabled: true },
          protocolMappers: [
            {
              ...{ name: 'audience', protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper' },
              config: { 'included.custom.audience': 'sallyport', 'access.token.claim': 'true' },
            },
            {
              ...{ name: 'kind', protocol: 'openid-connect', protocolMapper: 'oidc-hardcoded-claim-mapper' },
              config: { 'claim.name': 'kind', 'claim.value': 'agent', 'jsonType.label': 'String', 'access.token.claim': 'true' },
            },
          ],
        },
      ],
      users: [{ username: `service-account-${bot.id}`, enabled: true, serviceAccountClientId: bot.id, realmRoles: ['agents'] }],
    });
    world = await startWorld({
      policy: `version: 1
roles:
  - { groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: everything, then: allow }
`,
      issuers: [
        {
          issuer: `${keycloak.url}/realms/${realm}`,
          audience: 'sallyport',
          algorithms: ['RS256'],
          authorizedParties: [bot.id],
          tokenType: { claim: { name: 'typ', value: 'Bearer' } },
          claims: { subject: 'azp', groups: ['realm_access.roles', 'groups'], kind: 'kind' },
        },
      ],
    });
  }, 240_000);
  afterAll(async () => {
    await world.stop();
    await keycloak.remove();
  }, 60_000);

  it("gives a client a token by which it comes in, as an agent in its realm's roles", async () => {
    const client = await world.connect(bot.id, await keycloak.fetchToken(realm, bot.id, bot.secret));
    expect((await client.query('SELECT current_user')).rows).toEqual([{ current_user: login.name }]);
    await client.end();
    const { events } = await world.record();
    expect(events.flatMap((event) => (event.type === 'session.authenticated' ? [event.data] : []))).toMatchObject([
      {
        method: 'oidc',
        principal: { issuer: `${keycloak.url}/realms/${realm}`, subject: bot.id, kind: 'agent' },
        login: login.name,
      },
    ]);
  });
});
