import { Principal } from '#events';
import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import { groupsOf, kindOf, subjectOf } from './claims.js';
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
