import { randomBytes } from 'node:crypto';
import { type Configuration, Provider } from 'oidc-provider';
import { cliClient, consoleClient, type DemoPerson, providerName, type ProviderSettings } from './settings.js';

const audience = 'sallyport';
const resource = `urn:${audience}`;
const tokenSeconds = 24 * 3_600;
const publicClient = {
  token_endpoint_auth_method: 'none' as const,
  id_token_signed_response_alg: 'ES256' as const,
  response_types: [],
  redirect_uris: [],
};

/** An OpenID provider with the flows that Sallyport uses: client credentials, code with PKCE, device. */
export function makeProvider({ port, key, clients, people, consoleUrl }: ProviderSettings): Provider {
  const known = [...clients, ...people];
  const said = (id: string | undefined): { groups: string[]; kind: DemoPerson['kind'] } | undefined => {
    const one = known.find((each) => each.id === id);
    return one && { groups: [...one.groups], kind: one.kind };
  };
  return new Provider(`http://127.0.0.1:${port}`, {
    clients: [
      ...clients.map(({ id, secret }) => ({
        ...{ client_id: id, client_secret: secret, grant_types: ['client_credentials'] },
        ...{ redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' as const },
      })),
      {
        ...{ ...publicClient, client_id: consoleClient, client_name: 'the console of Sallyport' },
        ...{ grant_types: ['authorization_code'], response_types: ['code'] },
        redirect_uris: [`${consoleUrl}/api/v1/login/oidc/${providerName}/callback`],
        post_logout_redirect_uris: [`${consoleUrl}/`],
      },
      {
        ...{ ...publicClient, client_id: cliClient, client_name: 'sallyport login' },
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    ttl: {
      ClientCredentials: tokenSeconds,
      AccessToken: tokenSeconds,
      DeviceCode: 600,
      Interaction: 600,
      Session: tokenSeconds,
      Grant: tokenSeconds,
      IdToken: 3_600,
    },
    scopes: ['openid'],
    claims: { openid: ['sub', 'groups', 'kind'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, id) => {
      const person = people.find((each) => each.id === id);
      return person && { accountId: id, claims: () => Promise.resolve({ sub: id, ...said(id) }) };
    },
    extraTokenClaims: (_, token) => said('accountId' in token ? token.accountId : token.clientId),
    loadExistingGrant: grantAll,
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: '',
          accessTokenFormat: 'jwt',
          accessTokenTTL: tokenSeconds,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
}

/** Nobody is asked whether our own console may know who they are. */
const grantAll: NonNullable<Configuration['loadExistingGrant']> = async ({ oidc }) => {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  await grant.save();
  return grant;
};
