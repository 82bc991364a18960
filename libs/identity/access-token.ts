import type { By, Principal, RunContext } from '#events';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { refuseOtherKinds } from './accepted.js';
import type { ClaimMapping } from './claims.js';
import { readCompact } from './compact.js';
import { AuthenticationFailed, type Refusal } from './errors.js';
import { IssuerKeys, type KeyTimes } from './issuer-keys.js';
import type { Fetch } from './key-download.js';
import { actorsOf, principalOf, runOf } from './principal.js';

/** An issuer whose access tokens are accepted. */
export interface Issuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  readonly audience: string;
  /** The clients that its tokens may have been issued to: `azp`, `client_id` or `appid`. Absent: any. */
  readonly authorizedParties?: readonly string[] | undefined;
  readonly jwksUri?: string | undefined;
  readonly algorithms: readonly string[];
  readonly claims: ClaimMapping;
  /** Which of its tokens are access tokens. Absent: those that do not say that they are another kind. */
  readonly tokenType?: TokenType | undefined;
  readonly clockSkewSeconds: number;
  /** `own`: our own api, whose tokens pass on who somebody is at another issuer. */
  readonly kind?: 'own' | undefined;
  /** How long ago a token may have been issued. Absent: as long as it is valid. */
  readonly maxAgeSeconds?: number | undefined;
  readonly keys?: KeyTimes | undefined;
}

export interface TokenType {
  /** What `typ` in the header must be. */
  readonly header?: string | undefined;
  readonly claim?: { readonly name: string; readonly value: string } | undefined;
}

/** Who a secret stands for. */
export interface Authenticated {
  readonly principal: Principal;
  readonly method: 'oidc' | 'service-token' | 'issued-token';
  /** Who acts in the principal's name, the present actor first (RFC 8693 4.1). Empty: the principal itself. */
  readonly actors: readonly By[];
  /** What the token says, verified. Roles of the policy are chosen by it. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** What an issuer says of the run that the token is for. */
  readonly run: RunContext;
  /** The token's id as its issuer knows it; never the token. */
  readonly tokenId?: string;
  /** Unix milliseconds. */
  readonly expires?: number;
  /** Until when it is taken: the issuer's clock may be behind. Absent: until it expires. */
  readonly goodUntil?: number;
}

/** Checks access tokens, RFC 9068 and its laxer relatives, against the configured issuers. */
export class AccessTokens {
  private readonly issuers: ReadonlyMap<string, { readonly issuer: Issuer; readonly keys: IssuerKeys }>;

  constructor(issuers: readonly Issuer[], fetch: Fetch) {
    this.issuers = new Map(issuers.map((issuer) => [issuer.issuer, { issuer, keys: new IssuerKeys(issuer, fetch) }]));
  }

  async authenticate(token: string, now: number): Promise<Authenticated> {
    const { header, payload: unverified } = readCompact(token);
    const { issuer, keys } = this.issuerOf(unverified);
    try {
      const { payload } = await jwtVerify(token, (asked, jws) => keys.keyFor(asked, jws, now), {
        algorithms: [...issuer.algorithms],
        audience: issuer.audience,
        clockTolerance: issuer.clockSkewSeconds,
        currentDate: new Date(now),
        issuer: issuer.issuer,
        requiredClaims: ['exp'],
      });
      refuseOtherKinds(header, payload, issuer, now);
      return {
        principal: principalOf(payload, issuer),
        method: 'oidc',
        actors: actorsOf(payload, issuer),
        claims: payload,
        run: runOf(payload, issuer),
        ...(payload.jti !== undefined && { tokenId: payload.jti }),
        ...(payload.exp !== undefined && {
          expires: Math.floor(payload.exp * 1000),
          goodUntil: Math.floor((payload.exp + issuer.clockSkewSeconds) * 1000),
        }),
      };
    } catch (error) {
      throw error instanceof AuthenticationFailed
        ? error
        : new AuthenticationFailed(refusalOf(error), { cause: withoutToken(error) });
    }
  }

  /** Reads `iss` unverified, only to find which issuer's keys must fit: no address in a token is ever followed. */
  private issuerOf({ iss }: JWTPayload): { readonly issuer: Issuer; readonly keys: IssuerKeys } {
    const found = typeof iss === 'string' ? this.issuers.get(iss) : undefined;
    if (!found) throw new AuthenticationFailed('issuer');
    return found;
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) return 'algorithm';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return 'audience';
    if (error.claim === 'nbf' && error.reason === 'check_failed') return 'not-yet-valid';
    return 'claims';
  }
  return error instanceof errors.JOSEError ? 'malformed' : 'signature';
}

/** jose hangs the whole payload on its claim errors; whoever logs the cause must not log that. */
function withoutToken(error: unknown): Error {
  const { name, message } = error as Error;
  return Object.assign(new Error(message), { name });
}
