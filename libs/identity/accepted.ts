import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import type { Header } from './compact.js';
import { AuthenticationFailed } from './errors.js';

/**
 * What a verified token must be besides well signed, in time and for us: an access token, to be used by its bearer, issued to one of
 * the clients that are named, not too long ago.
 * @throws AuthenticationFailed
 */
export function refuseOtherKinds(header: Header, payload: JWTPayload, issuer: Issuer, now: number): void {
  checkForms(payload);
  checkType(header, payload, issuer);
  // RFC 9449, RFC 8705: whoever holds such a token without its key must not be let in by it.
  if (payload.cnf !== undefined) throw new AuthenticationFailed('sender-constrained');
  checkParty(payload, issuer);
  checkAge(payload, issuer, now);
}

/** The last second of the year 9999, beyond which no date can be written. */
const lastInstant = 253_402_300_799;

function checkForms({ aud, exp, nbf, iat, jti }: JWTPayload): void {
  if (Array.isArray(aud) && !aud.every((one) => typeof one === 'string')) throw new AuthenticationFailed('audience');
  const isInstant = (value: unknown): boolean =>
    value === undefined || (typeof value === 'number' && value >= 0 && value <= lastInstant);
  if (![exp, nbf, iat].every(isInstant)) throw new AuthenticationFailed('claims');
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) throw new AuthenticationFailed('claims');
}

const accessTokenTypes = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);
/** What Keycloak and others write into the claim `typ`, Cognito into `token_use`. */
const accessTokenClaims: Readonly<Record<string, readonly unknown[]>> = {
  typ: [undefined, 'Bearer', 'JWT', 'at+jwt'],
  token_use: [undefined, 'access'],
};
/** Claims of ID tokens, and of events (RFC 8417; logout tokens): their audience may be ours, to log in with they are not meant. */
const claimsOfOthers = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'];

function checkType({ typ }: Header, payload: JWTPayload, { tokenType = {} }: Issuer): void {
  const { header, claim } = tokenType;
  const isAccessToken =
    (header === undefined ? accessTokenTypes.has(typ?.toLowerCase()) : typ?.toLowerCase() === header.toLowerCase()) &&
    Object.entries(accessTokenClaims).every(([name, values]) => name === claim?.name || values.includes(payload[name])) &&
    (claim === undefined || payload[claim.name] === claim.value) &&
    !claimsOfOthers.some((name) => Object.hasOwn(payload, name));
  if (!isAccessToken) throw new AuthenticationFailed('type');
}

/** Issuers say in different claims whom a token was issued to; each that is there has to be one of the clients. */
function checkParty(payload: JWTPayload, { authorizedParties }: Issuer): void {
  if (!authorizedParties) return;
  const parties = ['azp', 'client_id', 'appid', 'cid'].map((name) => payload[name]).filter((party) => party !== undefined);
  if (parties.length === 0 || !parties.every((party) => typeof party === 'string' && authorizedParties.includes(party)))
    throw new AuthenticationFailed('authorized-party');
}

function checkAge({ iat }: JWTPayload, { clockSkewSeconds, maxAgeSeconds }: Issuer, now: number): void {
  if (iat !== undefined && iat * 1000 > now + clockSkewSeconds * 1000) throw new AuthenticationFailed('issued-in-future');
  if (maxAgeSeconds === undefined) return;
  if (iat === undefined) throw new AuthenticationFailed('claims');
  if (now - iat * 1000 > (maxAgeSeconds + clockSkewSeconds) * 1000) throw new AuthenticationFailed('too-old');
}
