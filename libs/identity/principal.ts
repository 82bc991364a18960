import { Principal } from '#events';
import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import { claimAt, groupsOf, subjectOf } from './claims.js';
import { AuthenticationFailed } from './errors.js';

/** Reads a verified token's claims. What is there in a form that is not understood is refused, not passed over. */
export function principalOf(payload: JWTPayload, { issuer, claims }: Issuer): Principal {
  const principal = Principal.safeParse({
    groups: groupsOf(payload, claims.groups),
    issuer,
    kind: kindOf(payload, claims.kind),
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
