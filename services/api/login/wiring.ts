import type { Provider } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { AccessGuard } from '../access/access.guard.js';
import { AccessJournal } from '../access/access-journal.js';
import { BearerLogins } from '../access/bearer-logins.js';
import { ConsoleSessions } from '../access/console-sessions.js';
import { Guessing } from '../access/guessing.js';
import type { Ground } from '../ground.js';
import { DiscoveryController, PublishedKeys } from '../token/discovery.controller.js';
import { AssertionReader, GrantController } from '../token/grant.controller.js';
import { IssuedTokens } from '../token/issued-tokens.js';
import { TokensController } from '../token/tokens.controller.js';
import { BreakGlass } from './break-glass.js';
import { Browser } from './browser.js';
import { ConsoleCode } from './console-code.js';
import { LoginFlows } from './flows.js';
import { LoginController, LoginLog } from './login.controller.js';
import { OidcController } from './oidc.controller.js';
import { Providers } from './providers.js';
import { SamlController } from './saml.controller.js';
import { SpentAssertions } from './spent-assertions.js';
import { LoginWays } from './ways.js';

const defaultTtlSeconds = 900;

export const loginControllers = [
  LoginController,
  OidcController,
  SamlController,
  TokensController,
  GrantController,
  DiscoveryController,
];

/** Who somebody is, how they show it, and what they get for it. */
export function loginProviders({ authenticator, revocations, roles, logins, now, random, log }: Ground): Provider[] {
  const { login, issuers, publicUrl, sessions, consoleCode, breakGlass, tokens } = logins;
  return [
    { provide: Providers, useFactory: () => new Providers({ login, issuers, publicUrl }) },
    { provide: ConsoleCode, useFactory: () => new ConsoleCode(consoleCode, roles) },
    { provide: BreakGlass, useFactory: () => new BreakGlass(breakGlass) },
    { provide: LoginFlows, useFactory: () => new LoginFlows(now, random) },
    { provide: SpentAssertions, useFactory: () => new SpentAssertions(now) },
    { provide: LoginLog, useValue: { log } satisfies LoginLog },
    { provide: PublishedKeys, useValue: { issuer: tokens?.issuer } satisfies PublishedKeys },
    { provide: AssertionReader, useFactory: ({ assertions }: Providers) => assertions, inject: [Providers] },
    {
      provide: LoginWays,
      useFactory: (providers: Providers, code: ConsoleCode, glass: BreakGlass) =>
        new LoginWays(login, providers, code, glass, publicUrl),
      inject: [Providers, ConsoleCode, BreakGlass],
    },
    { provide: Guessing, useFactory: (accesses: AccessJournal) => new Guessing(accesses, now), inject: [AccessJournal] },
    {
      provide: ConsoleSessions,
      useFactory: (accesses: AccessJournal) =>
        new ConsoleSessions({
          ...{ accesses, now, random, log },
          idleMs: sessions.idleMinutes * 60_000,
          absoluteMs: sessions.absoluteHours * 3_600_000,
        }),
      inject: [AccessJournal],
    },
    {
      provide: Browser,
      useFactory: (sessions: ConsoleSessions, flows: LoginFlows, accesses: AccessJournal) =>
        new Browser({ sessions, flows, accesses, roles, secure: publicUrl.startsWith('https:') }),
      inject: [ConsoleSessions, LoginFlows, AccessJournal],
    },
    {
      provide: IssuedTokens,
      useFactory: (accesses: AccessJournal) =>
        new IssuedTokens({
          ...{ accesses, revocations, now, random },
          issuer: tokens?.issuer,
          ttlSeconds: tokens?.ttlSeconds ?? defaultTtlSeconds,
        }),
      inject: [AccessJournal],
    },
    {
      provide: BearerLogins,
      useFactory: (accesses: AccessJournal, guessing: Guessing) =>
        new BearerLogins({ authenticator, accesses, roles, guessing, now }),
      inject: [AccessJournal, Guessing],
    },
    {
      provide: APP_GUARD,
      useFactory: (...parts: ConstructorParameters<typeof AccessGuard>) => new AccessGuard(...parts),
      inject: [Reflector, BearerLogins, ConsoleSessions],
    },
  ];
}
