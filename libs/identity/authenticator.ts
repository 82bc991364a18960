import { AccessTokens, type Authenticated, type Issuer } from './access-token.js';
import { AuthenticationFailed } from './errors.js';
import { asIssued } from './issued/issued-token.js';
import type { Fetch } from './issuer-keys.js';
import { isServiceToken, ServiceTokens } from './service-tokens.js';

export interface AuthenticatorOptions {
  readonly issuers: readonly Issuer[];
  /** The file of service tokens. Without it there are none. */
  readonly tokens?: { readonly file: string } | undefined;
  readonly fetch?: Fetch;
}

/** Who is it? One way in for the proxy and the api. */
export class Authenticator {
  private readonly accessTokens: AccessTokens;
  private readonly serviceTokens: ServiceTokens | undefined;
  private readonly own: ReadonlySet<string>;

  constructor({ issuers, tokens, fetch = globalThis.fetch }: AuthenticatorOptions) {
    this.accessTokens = new AccessTokens(issuers, fetch);
    this.serviceTokens = tokens && new ServiceTokens(tokens.file);
    this.own = new Set(issuers.filter(({ kind }) => kind === 'own').map(({ issuer }) => issuer));
  }

  /**
   * @param secret a JWT access token of a configured issuer, or a service token (`spt_…`)
   * @param now unix milliseconds
   * @throws AuthenticationFailed, with a stable code and a message that may be shown
   */
  async authenticate(secret: string, now: number): Promise<Authenticated> {
    if (!isServiceToken(secret)) {
      const who = await this.accessTokens.authenticate(secret, now);
      return this.own.has(who.principal.issuer) ? asIssued(who) : who;
    }
    if (!this.serviceTokens) throw new AuthenticationFailed('service-token');
    return this.serviceTokens.authenticate(secret, now);
  }
}
