/** Why a secret was not accepted. Stable: these are written into events. */
export type Refusal =
  | 'malformed'
  | 'issuer'
  | 'issuer-unavailable'
  | 'algorithm'
  | 'type'
  | 'sender-constrained'
  | 'key'
  | 'signature'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'claims'
  | 'service-token'
  | 'service-token-expired'
  | 'service-token-revoked'
  | 'service-tokens-unreadable';

const messages: Record<Refusal, string> = {
  malformed: 'the password is neither a JWT nor a service token',
  issuer: 'the token comes from an issuer that is not configured here',
  'issuer-unavailable': "the issuer's keys cannot be fetched, try again later",
  algorithm: 'the token is not signed with an accepted algorithm',
  type: 'this kind of token is no access token',
  'sender-constrained': 'the token is bound to a key of its client, which cannot be proven here: ask for a plain bearer token',
  key: 'the token was signed with a key that its issuer does not publish',
  signature: "the token's signature is not valid",
  audience: 'the token was made for another audience',
  expired: 'the token has expired',
  'not-yet-valid': 'the token is not valid yet',
  claims: 'the token lacks a claim that is needed, or one has another form',
  'service-token': 'the service token is not known',
  'service-token-expired': 'the service token has expired',
  'service-token-revoked': 'the service token was revoked',
  'service-tokens-unreadable': 'service tokens cannot be checked at the moment',
};

/** The secret was not accepted. The message is safe to show to whoever sent it: it holds nothing of the secret. */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
  constructor(
    readonly code: Refusal,
    options?: ErrorOptions,
  ) {
    super(messages[code], options);
  }
}
