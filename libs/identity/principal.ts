import { type By, isRunValue, Principal, type RunContext, runKeys } from '#events';
import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import { claimAt, groupsOf, subjectOf } from './claims.js';
import { AuthenticationFailed } from './errors.js';

/**
 * Reads a verified token's claims. What is there in a form that is not understood is refused, not passed over. A token with `act` is
 * used by a program for its subject: the subject stays the principal, and its kind is an agent's, or a service's where the issuer says
 * so; a person it never is.
 */
export function principalOf(payload: JWTPayload, { issuer, claims }: Issuer): Principal {
  const kind = kindOf(payload, claims.kind);
  const principal = Principal.safeParse({
    groups: groupsOf(payload, claims.groups),
    issuer,
    kind: payload.act !== undefined && kind === 'human' ? 'agent' : kind,
    subject: subjectOf(payload, claims.subject),
  });
  if (!principal.success) throw new AuthenticationFailed('claims');
  return principal.data;
}

function kindOf(payload: JWTPayload, told: Issuer['claims']['kind']): unknown {
  if (told === undefined) return guessed(payload);
  return typeof told === 'string' ? claimAt(payload, told) : told.fixed;
}

/** A token that a client got for itself (RFC 9068 2.2: `sub` is then the client) belongs to a program; any other to a person. */
function guessed(payload: JWTPayload): Principal['kind'] {
  const itself = payload.sub === (payload.client_id ?? payload.azp);
  return itself || payload.gty === 'client-credentials' ? 'agent' : 'human';
}

const deepestDelegation = 8;
const longestName = 1_000;

/**
 * Who acts, by the claim `act` (RFC 8693 4.1): the present actor first, behind it those that it acts for in turn. An actor without
 * `iss` is one of the token's own issuer. `may_act` says who could, not who does: it is not read.
 */
export function actorsOf({ act }: JWTPayload, { issuer }: Issuer): By[] {
  const actors: By[] = [];
  for (let claim: unknown = act; claim !== undefined;) {
    if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) throw new AuthenticationFailed('claims');
    const { sub, iss = issuer, act: next } = claim as Readonly<Record<string, unknown>>;
    if (!isName(sub) || !isName(iss) || actors.length === deepestDelegation) throw new AuthenticationFailed('claims');
    actors.push({ issuer: iss, subject: sub });
    claim = next;
  }
  return actors;
}

const isName = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '' && claim.length <= longestName;

/** What the issuer says of the run that the token is for, by the claims that the configuration names. */
export function runOf(payload: JWTPayload, { claims }: Issuer): RunContext {
  const run: RunContext = {};
  for (const key of runKeys) {
    const name: string | undefined = claims[key];
    const value = name === undefined ? undefined : claimAt(payload, name);
    if (value === undefined) continue;
    if (typeof value !== 'string' || !isRunValue(key, value)) throw new AuthenticationFailed('claims');
    run[key] = { value, by: 'token' };
  }
  return run;
}
