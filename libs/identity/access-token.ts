import type { By, Principal, RunContext } from '#events';
import { decodeJwt, errors, type JWTPayload, jwtVerify, type ProtectedHeaderParameters } from 'jose';
import { AuthenticationFailed, type Refusal } from './errors.js';
import { type Fetch, IssuerKeys } from './issuer-keys.js';
import { principalOf } from './principal.js';

/** An issuer whose access tokens are accepted. */
export interface Issuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri?: string | undefined;
  readonly algorithms: readonly string[];
  readonly claims: ClaimNames;
  readonly clockSkewSeconds: number;
  /** `own`: our own api, whose tokens pass on who somebody is at another issuer. */
  readonly kind?: 'own' | undefined;
}

export interface ClaimNames {
  readonly subject: string;
  readonly groups: string;
  readonly kind?: string | undefined;
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
}

const longestToken = 16 * 1024;

/** Checks access tokens, RFC 9068 and its laxer relatives, against the configured issuers. */
export class AccessTokens {
  private readonly issuers: ReadonlyMap<string, { readonly issuer: Issuer; readonly keys: IssuerKeys }>;

  constructor(issuers: readonly Issuer[], fetch: Fetch) {
    this.issuers = new Map(
      issuers.map((issuer) => [issuer.issuer, { issuer, keys: new IssuerKeys(issuer.issuer, issuer.jwksUri, fetch) }]),
    );
  }

  async authenticate(token: string, now: number): Promise<Authenticated> {
    const { issuer, keys } = this.issuerOf(token);
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header, jws) => keys.keyFor(header, jws, now), {
        algorithms: [...issuer.algorithms],
        audience: issuer.audience,
        clockTolerance: issuer.clockSkewSeconds,
        currentDate: new Date(now),
        issuer: issuer.issuer,
        requiredClaims: ['exp'],
      });
      refuseOtherKinds(protectedHeader, payload);
      return {
        principal: principalOf(payload, issuer),
        method: 'oidc',
        actors: [],
        claims: payload,
        run: {},
        ...(payload.jti !== undefined && { tokenId: payload.jti }),
        ...(payload.exp !== undefined && { expires: payload.exp * 1000 }),
      };
    } catch (error) {
      throw error instanceof AuthenticationFailed
        ? error
        : new AuthenticationFailed(refusalOf(error), { cause: withoutToken(error) });
    }
  }

  /** Reads `iss` unverified, only to find which issuer's keys must fit: no address in a token is ever followed. */
  private issuerOf(token: string): { readonly issuer: Issuer; readonly keys: IssuerKeys } {
    if (token.length > longestToken) throw new AuthenticationFailed('malformed');
    let iss: unknown;
    try {
      ({ iss } = decodeJwt(token));
    } catch {
      throw new AuthenticationFailed('malformed'); // the cause would quote it
    }
    const found = typeof iss === 'string' ? this.issuers.get(iss) : undefined;
    if (!found) throw new AuthenticationFailed('issuer');
    return found;
  }
}

const accessTokenTypes = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);

function refuseOtherKinds({ typ }: ProtectedHeaderParameters, { cnf }: JWTPayload): void {
  if (!accessTokenTypes.has(typ?.toLowerCase())) throw new AuthenticationFailed('type');
  // RFC 9449, RFC 8705: whoever holds such a token without its key must not be let in by it.
  if (cnf !== undefined) throw new AuthenticationFailed('sender-constrained');
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
