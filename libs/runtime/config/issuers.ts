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

const kind = z.enum(['human', 'agent', 'service']);

/** Braces come in pairs around a claim's name, or not at all. */
const source = z
  .string()
  .min(1)
  .regex(/^(?:[^{}]|\{[^{}]+\})+$/, 'has a brace without its other, or with nothing between');

const claims = z.strictObject({
  subject: source.default('sub').describe('The claim that names the principal, or a template: `repo:{repository}`.'),
  groups: z
    .union([source, z.array(source).min(1)])
    .default('groups')
    .describe(
      'The claims with its groups, each a list of texts or one; or templates. `a.b` goes down; a name may hold dots itself. What is not in a token adds no group.',
    ),
  kind: z
    .union([z.string().min(1), z.strictObject({ fixed: kind.describe('What all of them are.') })])
    .optional()
    .describe("A claim that says human, agent or service. Without it: a client's own token is an agent's, any other a human's."),
  run: z
    .string()
    .min(1)
    .optional()
    .describe(
      "A claim that names the agent's run that the token is for. Like those below, it is verified; what a client says of itself is claimed.",
    ),
  conversation: z.string().min(1).optional().describe('A claim that names the conversation which that run belongs to.'),
  toolCall: z.string().min(1).optional().describe('A claim that names the tool call.'),
  traceparent: z.string().min(1).optional().describe('A claim that holds a W3C `traceparent`.'),
});

/** How our own tokens say who somebody is. */
const own = { claims: { subject: 'sub', groups: 'groups', kind: 'kind' }, tokenType: { header: 'at+jwt' } };

const tokenType = z.strictObject({
  header: z.string().min(1).optional().describe('What `typ` in the header must be, such as `at+jwt`.'),
  claim: z
    .strictObject({ name: z.string().min(1).describe('A claim.'), value: z.string().describe('What it must be.') })
    .optional()
    .describe("The issuer's own claim for the kind of a token, such as `typ: Bearer`."),
});

const keys = z.strictObject({
  refreshSeconds: z.int().min(10).default(600).describe('After how long keys are fetched anew.'),
  outageSeconds: z
    .int()
    .min(0)
    .default(12 * 3600)
    .describe('How long the last known keys are good while the issuer cannot be reached. Then its tokens are refused.'),
  backoffSeconds: z
    .int()
    .min(1)
    .default(30)
    .describe('An issuer that gave no key is asked after 0, 1, 2, 4 … seconds, at most this many.'),
});

export const issuers = z
  .array(
    z.strictObject({
      issuer: trustedUrl.describe('Exactly as the `iss` of its tokens.'),
      audience: z.string().min(1).describe('What `aud` must name.'),
      authorizedParties: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('The clients that a token may have been issued to (`azp`, `client_id`, `appid`). Without it: any.'),
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
      tokenType: tokenType
        .optional()
        .describe('Which of its tokens are access tokens. Without it: those that do not say otherwise.'),
      clockSkewSeconds: z.int().min(0).max(300).default(30).describe("How far the issuer's clock may be from ours."),
      maxAgeSeconds: z
        .int()
        .min(1)
        .optional()
        .describe('How long ago a token may have been issued (`iat`). Without it: as long as it is valid.'),
      keys: keys.prefault({}).describe('When its keys are fetched.'),
    }),
  )
  .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'an issuer is there twice')
  .refine((all) => all.filter(({ kind }) => kind === 'own').length <= 1, 'there is one api of our own at most')
  .transform((all) => all.map((one) => (one.kind === 'own' ? { ...one, ...own } : one)));
