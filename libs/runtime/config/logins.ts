import type { z } from 'zod';
import type { sections } from './sections.js';

type Sections = z.output<ReturnType<typeof sections>>;

/** What ways of logging in and issuers have to say of each other. */
export function logins({ issuers, api }: Pick<Sections, 'issuers' | 'api'>, context: z.RefinementCtx): void {
  const problem = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: 'custom', path: ['api', ...path], message });
  };
  const others = issuers.filter(({ kind }) => kind !== 'own').map(({ issuer }) => issuer);
  api.login.oidc.forEach(({ issuer }, i) => {
    if (!others.includes(issuer)) problem(['login', 'oidc', i, 'issuer'], 'is none of `issuers`, so its claims cannot be read');
  });
  if (api.login.device && !others.includes(api.login.device.issuer))
    problem(['login', 'device', 'issuer'], 'is none of `issuers`, so its tokens are not accepted');
  const isOwn = issuers.some(({ kind }) => kind === 'own');
  if (api.tokens && !isOwn) problem(['tokens'], 'needs an entry of `issuers` with `kind: own`, else nobody takes its tokens');
  api.login.saml.forEach(({ for: uses }, i) => {
    if (uses.includes('tokens') && !api.tokens) problem(['login', 'saml', i, 'for'], '`tokens` needs `api.tokens`');
  });
}
