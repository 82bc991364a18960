import type { Fetch } from '../key-download.js';
import type { TokenIssuer } from './token-issuer.js';

/** A fetch by which the process that issues tokens knows its own keys without asking itself over the network. */
export function knowingOwnKeys({ issuer, jwks }: Pick<TokenIssuer, 'issuer' | 'jwks'>, others: Fetch): Fetch {
  const base = issuer.replace(/\/$/, '');
  const own = new Map<string, unknown>([
    [`${base}${discoveryPath}`, discoveryOf(issuer)],
    [`${base}${jwksPath}`, jwks],
  ]);
  return (url, init) => (own.has(url) ? Promise.resolve(Response.json(own.get(url))) : others(url, init));
}

export const discoveryPath = '/.well-known/openid-configuration';
export const jwksPath = '/.well-known/jwks.json';

/** What the issuer says of itself, RFC 8414: where its keys are and what may be asked of it. */
export function discoveryOf(issuer: string) {
  const base = issuer.replace(/\/$/, '');
  return {
    issuer,
    jwks_uri: `${base}${jwksPath}`,
    token_endpoint: `${base}/api/v1/oauth/token`,
    grant_types_supported: ['urn:ietf:params:oauth:grant-type:saml2-bearer'],
    token_endpoint_auth_methods_supported: ['none'],
    response_types_supported: ['none'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
}
