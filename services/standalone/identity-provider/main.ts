import type { JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';
import { serve } from '#runtime';

/** What the demo's identity provider is told. The file holds secrets. */
export interface ProviderSettings {
  readonly port: number;
  /** Private; kept, so that tokens outlive a restart. */
  readonly key: JsonWebKey;
  readonly clients: readonly DemoClient[];
}

/** Someone of the demo, who gets tokens by client credentials: in a demo, people have nowhere to log in. */
export interface DemoClient {
  readonly id: string;
  readonly secret: string;
  readonly kind: 'agent' | 'human';
  readonly groups: readonly string[];
}

const audience = 'sallyport';
const tokenSeconds = 24 * 3_600;

await serve({
  name: 'identity-provider',
  start: async ({ config }) => {
    const settings = JSON.parse(readFileSync(config, 'utf8')) as ProviderSettings;
    const server = provider(settings).listen(settings.port, '127.0.0.1');
    await once(server, 'listening');
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    };
    return { listening: { http: settings.port }, stop: [{ name: 'close', deadlineMs: 500, run: close }] };
  },
});

function provider({ port, key, clients }: ProviderSettings): Provider {
  return new Provider(`http://127.0.0.1:${port}`, {
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    })),
    jwks: { keys: [key] },
    ttl: { ClientCredentials: tokenSeconds },
    extraTokenClaims: (_, token) => {
      const client = clients.find(({ id }) => id === token.clientId);
      return client && { groups: [...client.groups], kind: client.kind };
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${audience}`,
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
