import { z } from 'zod';
import type { Place } from './place.js';
import { logins } from './logins.js';
import type { SecretReference } from './reference.js';
import { sections } from './sections.js';
import { loggedTargets } from './targets.js';

/** What each process reads of the one file. A section that is not named here is not looked at: a service sees no other's secrets. */
export const parts = (place: Place) => {
  const all = sections(place);
  const log = { dataDir: true, log: true, kafka: true } as const;
  return {
    proxy: all
      .pick({ ...log, listen: true, targets: true, issuers: true, tokens: true, policy: true, limits: true, secrets: true })
      .refine(someoneCanLogIn, nobody)
      .refine(oauthIssuerIsKnown, unknownIssuer)
      .superRefine(secretsAreInReach),
    projector: all.pick({ ...log, clickhouse: true }),
    detector: all.pick(log),
    exporter: all.pick(log),
    reconciler: all.pick(log).extend({ targets: loggedTargets(place) }),
    clickhouse: all.pick({ dataDir: true, clickhouse: true }),
    api: all
      .pick({ ...log, issuers: true, tokens: true, clickhouse: true, api: true })
      .refine(someoneCanLogIn, nobody)
      .superRefine(logins),
    cli: all.pick({ ...log, tokens: true, api: true }),
    secrets: all.pick({ secrets: true }),
    /** It starts the others, so it checks the whole. */
    standalone: all
      .refine(someoneCanLogIn, nobody)
      .refine(oauthIssuerIsKnown, unknownIssuer)
      .superRefine(logins)
      .superRefine(secretsAreInReach),
  };
};

export type Part = keyof ReturnType<typeof parts>;
export type Config<P extends Part> = z.output<ReturnType<typeof parts>[P]>;

export const sectionNames = (): string[] => Object.keys(sections(nowhere).shape);

/** The whole file as a JSON Schema with its descriptions: the configuration reference is made from it. */
export const configJsonSchema = (): object => z.toJSONSchema(sections(nowhere), { io: 'input' });

const nowhere: Place = { folder: '/', env: {} };
const nobody = { path: ['issuers'], message: 'neither issuers nor tokens are given, so nobody could log in' };
const unknownIssuer = { path: ['listen', 'oauth', 'issuer'], message: 'is not one of the issuers' };

function someoneCanLogIn(config: { readonly issuers: readonly unknown[]; readonly tokens?: unknown }): boolean {
  return config.issuers.length > 0 || config.tokens !== undefined;
}

interface WithOauth {
  readonly issuers: readonly { readonly issuer: string }[];
  readonly listen: { readonly oauth: { readonly issuer?: string | undefined } };
}

function oauthIssuerIsKnown({ issuers, listen }: WithOauth): boolean {
  const { issuer } = listen.oauth;
  return issuer === undefined || issuers.some((known) => known.issuer === issuer);
}

/** What is sealed takes a key, and what is in Vault takes a Vault. */
function secretsAreInReach({ targets, secrets }: WithLogins, context: z.RefinementCtx): void {
  for (const [i, { logins }] of targets.entries())
    for (const [j, { password }] of logins.entries()) {
      const missing = 'sealed' in password && !secrets.key ? 'key' : 'vault' in password && !secrets.vault ? 'vault' : undefined;
      if (missing !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['targets', i, 'logins', j, 'password'],
          message: `needs secrets.${missing}, which is not given`,
        });
    }
}

interface WithLogins {
  readonly targets: readonly { readonly logins: readonly { readonly password: SecretReference }[] }[];
  readonly secrets: { readonly key?: unknown; readonly vault?: unknown };
}
