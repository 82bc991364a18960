import { z } from 'zod';

/** Signatures by the issuer's private key only: with `none` or a shared secret, whoever reads the configuration could sign. */
const algorithm = z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']);

const isLoopback = (url: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);

/** Keys fetched in plaintext could be anyone's. */
export const trustedUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  if (!URL.canParse(text)) return true; // said already
  const url = new URL(text);
  return url.protocol === 'https:' || isLoopback(url);
}, 'must be https, except on this machine');

const claims = z.strictObject({
  subject: z.string().min(1).default('sub').describe('The claim that names the principal.'),
  groups: z.string().min(1).default('groups').describe('The claim with its groups: a list of texts, or one. `a.b` goes down.'),
  kind: z
    .string()
    .min(1)
    .optional()
    .describe("A claim that says human, agent or service. Without it: a client's own token is an agent's, any other a human's."),
});

/** How our own tokens say who somebody is. */
const ownClaims = { subject: 'sub', groups: 'groups', kind: 'kind' };

export const issuers = z
  .array(
    z.strictObject({
      issuer: trustedUrl.describe('Exactly as the `iss` of its tokens.'),
      audience: z.string().min(1).describe('What `aud` must name.'),
      jwksUri: trustedUrl.optional().describe("Where its keys are. Without it: asked of the issuer's openid-configuration."),
      algorithms: z
        .array(algorithm)
        .min(1)
        .default(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'])
        .describe('The signatures that are accepted. Never `none`, never a shared secret.'),
      claims: claims.prefault({}).describe('Where to find what in a token.'),
      kind: z
        .literal('own')
        .optional()
        .describe(
          '`own`: our own api, as `api.tokens` makes it give out tokens. Whom they stand for is then read from its own claims.',
        ),
      clockSkewSeconds: z.int().min(0).max(300).default(30).describe("How far the issuer's clock may be from ours."),
    }),
  )
  .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'an issuer is there twice')
  .refine((all) => all.filter(({ kind }) => kind === 'own').length <= 1, 'there is one api of our own at most')
  .transform((all) => all.map((one) => (one.kind === 'own' ? { ...one, claims: ownClaims } : one)));
