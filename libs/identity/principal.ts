import { Principal } from '#events';
import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import { AuthenticationFailed } from './errors.js';

/** Reads a verified token's claims. What is there in a form that is not understood is refused, not passed over. */
export function principalOf(payload: JWTPayload, { issuer, claims }: Issuer): Principal {
  const subject = claimAt(payload, claims.subject);
  const principal = Principal.safeParse({
    groups: groupsOf(claimAt(payload, claims.groups)),
    issuer,
    kind: claims.kind === undefined ? kindOf(payload) : claimAt(payload, claims.kind),
    subject: subject === '' ? undefined : subject,
  });
  if (!principal.success) throw new AuthenticationFailed('claims');
  return principal.data;
}

/** A claim of that very name, or one further down: `realm_access.roles`. */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  return name.split('.').reduce<unknown>((value, step) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as JWTPayload)[step] : undefined;
  }, payload);
}

/** No groups are no groups; one group may stand alone. */
function groupsOf(claim: unknown): unknown {
  if (claim === undefined || claim === null) return [];
  return typeof claim === 'string' ? [claim] : claim;
}

/** A token that a client got for itself (RFC 9068 2.2: `sub` is then the client) belongs to a program; any other to a person. */
function kindOf(payload: JWTPayload): Principal['kind'] {
  const itself = payload.sub === (payload.client_id ?? payload.azp);
  return itself || payload.gty === 'client-credentials' ? 'agent' : 'human';
}
