import { z } from 'zod';
import type { Authenticated } from '../access-token.js';
import { AuthenticationFailed } from '../errors.js';

/** The claim with the issuer that the principal logged in at: our own api only passes on who they are. */
export const originalIssuer = 'sallyport_issuer';
/** The claim with the name of the only target that the token is good for. */
export const onlyTarget = 'sallyport_target';

const Issued = z.object({
  jti: z.string().min(1),
  [originalIssuer]: z.string().min(1),
  [onlyTarget]: z.string().min(1).optional(),
});

/**
 * A verified token of our own api stands for whom it was given to: the same principal as at a login with their own issuer's token.
 * @throws AuthenticationFailed `claims`
 */
export function asIssued(who: Authenticated): Authenticated {
  const claims = Issued.safeParse(who.claims);
  if (!claims.success) throw new AuthenticationFailed('claims');
  return { ...who, method: 'issued-token', principal: { ...who.principal, issuer: claims.data[originalIssuer] } };
}

/** The only target that it may reach; undefined: any. What another issuer says by the same name is nothing to us. */
export function targetOf({ method, claims }: Authenticated): string | undefined {
  return method === 'issued-token' ? Issued.parse(claims)[onlyTarget] : undefined;
}
