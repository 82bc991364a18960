import { z } from 'zod';
import { LoginRefused } from '#identity';
import type { ProviderLogin } from '../access/console-sessions.js';
import type { BreakGlass } from './break-glass.js';
import type { ConsoleCode } from './console-code.js';
import type { LoginConfig, Providers } from './providers.js';

/** What is offered to whoever is not known yet: addresses and names, which are no secrets. */
const Ways = z
  .object({
    /** Where a browser may be sent. */
    browser: z.array(z.object({ kind: z.enum(['oidc', 'saml']), name: z.string(), label: z.string(), url: z.string() })),
    /** For `sallyport login`: a public client that may use the device flow. */
    device: z
      .object({ issuer: z.string(), clientId: z.string(), scopes: z.array(z.string()), resource: z.string().nullable() })
      .nullable(),
    /** Whether the one-time code has not been used yet. */
    code: z.boolean(),
    breakGlass: z.boolean(),
  })
  .meta({ id: 'LoginWays' });

export class LoginWays {
  static readonly schema = Ways;

  constructor(
    private readonly config: LoginConfig,
    private readonly providers: Providers,
    private readonly code: ConsoleCode,
    private readonly glass: BreakGlass,
    private readonly publicUrl: string,
  ) {}

  offered(): z.infer<typeof Ways> {
    const { device } = this.config;
    return {
      browser: [...this.providers.browser],
      device: device ? { ...device, scopes: [...device.scopes], resource: device.resource ?? null } : null,
      code: this.code.isOffered,
      breakGlass: this.glass.isOffered,
    };
  }

  /** Where to send a browser so that its provider ends the login too. A provider that is away keeps nobody logged in here. */
  async logout(login: ProviderLogin): Promise<string | undefined> {
    if (login.kind === 'saml') return this.providers.samlNamed(login.name).logout(login);
    try {
      return await this.providers.oidcNamed(login.name).logout(login.idToken, `${this.publicUrl}/`);
    } catch (error) {
      if (error instanceof LoginRefused) return undefined;
      throw error;
    }
  }
}
