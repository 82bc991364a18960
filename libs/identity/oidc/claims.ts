import type { Principal } from '#events';
import { AuthenticationFailed } from '../errors.js';
import { LoginRefused } from '../login-refused.js';
import type { Issuer } from '../access-token.js';
import { principalOf } from '../principal.js';

/** Who an id token is about: a person, whatever client they logged in with. @throws LoginRefused `id-token` */
export function personOf(claims: Readonly<Record<string, unknown>>, issuer: Issuer): Principal {
  try {
    const principal = principalOf(claims, issuer);
    return issuer.claims.kind === undefined ? { ...principal, kind: 'human' } : principal;
  } catch (cause) {
    if (cause instanceof AuthenticationFailed) throw new LoginRefused('id-token', { cause });
    throw cause;
  }
}
