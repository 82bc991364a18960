import * as client from 'openid-client';

/** What a client of an issuer is: without a secret it is a public one, and proves itself by PKCE alone. */
export interface OidcClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
}

const answerSeconds = 5;

/** Asks the issuer what it offers. Plaintext is for an issuer on this machine alone: the configuration takes no other. */
export function discover({ issuer, clientId, clientSecret }: OidcClient): Promise<client.Configuration> {
  const url = new URL(issuer);
  return client.discovery(
    url,
    clientId,
    undefined,
    clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret),
    {
      timeout: answerSeconds,
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated to be noticed: it is for loopback only
      execute: [client.enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [client.allowInsecureRequests] : [])],
    },
  );
}
