/** Why a secret was not accepted. Stable: these are written into events. */
export type Refusal = keyof typeof messages;

const messages = {
  malformed: 'the password is neither a JWT nor a service token',
  'too-long': 'the token is longer than 16 KiB',
  'too-deep': 'the token is nested more deeply than any claim that is in use',
  'duplicate-member': 'the token names a member twice, so that two readers could read it differently',
  encrypted: 'the token is encrypted: ask the issuer for a signed one',
  nested: 'the token holds another token or content of another type',
  'key-in-header':
    "the token brings a key, or the address of one (jku, jwk, x5u, x5c): only the configured issuer's keys are used",
  critical: 'the token asks for an extension (crit, b64) that is not known here',
  issuer: 'the token comes from an issuer that is not configured here',
  'issuer-unavailable': "the issuer's keys cannot be fetched, try again later",
  algorithm: 'the token is not signed with an accepted algorithm',
  type: 'this kind of token is no access token',
  'sender-constrained': 'the token is bound to a key of its client, which cannot be proven here: ask for a plain bearer token',
  key: 'the token was signed with a key that its issuer does not publish for this algorithm',
  signature: "the token's signature is not valid",
  audience: 'the token was made for another audience',
  'authorized-party': 'the token was issued to a client that authorizedParties does not name',
  expired: 'the token has expired',
  'not-yet-valid': 'the token is not valid yet',
  'issued-in-future': "the token was issued in the future: this machine's clock or the issuer's is wrong",
  'too-old': 'the token was issued longer ago than maxAgeSeconds allows',
  claims: 'the token lacks a claim that is needed, or one has another form',
  'groups-overage':
    'the issuer left the groups out of the token because there are too many: have it send only those assigned to the application, or roles',
  revoked: 'the token was revoked',
  'service-token': 'the service token is not known',
  'service-token-expired': 'the service token has expired',
  'service-token-revoked': 'the service token was revoked',
  'service-tokens-unreadable': 'service tokens cannot be checked at the moment',
} as const;

/** Refusals that say nothing against whoever came: what is needed to check the secret is away. */
const unavailable: ReadonlySet<Refusal> = new Set(['issuer-unavailable', 'service-tokens-unreadable']);

/**
 * The secret was not accepted. The message is for the operator: it holds nothing of the secret, but it says which check failed, and
 * that helps whoever tries secrets.
 */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
  constructor(
    readonly code: Refusal,
    options?: ErrorOptions,
  ) {
    super(messages[code], options);
  }

  /** Whether it counts as an attempt to guess. */
  get isAttempt(): boolean {
    return !unavailable.has(this.code);
  }
}
