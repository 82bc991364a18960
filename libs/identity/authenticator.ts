import { AccessTokens, type Authenticated, type Issuer } from './access-token.js';
import { AuthenticationFailed } from './errors.js';
import { asIssued } from './issued/issued-token.js';
import type { Fetch } from './key-download.js';
import { isServiceToken, ServiceTokens } from './service-tokens.js';

export interface AuthenticatorOptions {
  readonly issuers: readonly Issuer[];
  /** The file of service tokens. Without it there are none. */
  readonly tokens?: { readonly file: string } | undefined;
  readonly fetch?: Fetch;
  /** Whether the token of this id was revoked, whatever it says itself. */
  readonly isRevoked?: (tokenId: string) => boolean;
}

/** Who is it? One way in for the proxy and the api. */
export class Authenticator {
  private readonly accessTokens: AccessTokens;
  private readonly serviceTokens: ServiceTokens | undefined;
  private readonly own: ReadonlySet<string>;
  private readonly isRevoked: (tokenId: string) => boolean;

  constructor({ issuers, tokens, fetch = globalThis.fetch, isRevoked = () => false }: AuthenticatorOptions) {
    this.accessTokens = new AccessTokens(issuers, fetch);
    this.serviceTokens = tokens && new ServiceTokens(tokens.file);
    this.own = new Set(issuers.filter(({ kind }) => kind === 'own').map(({ issuer }) => issuer));
    this.isRevoked = isRevoked;
  }

  /**
   * @param secret a JWT access token of a configured issuer, or a service token (`spt_…`)
   * @param now unix milliseconds
   * @throws AuthenticationFailed, with a stable code and a message for the operator
   */
  async authenticate(secret: string, now: number): Promise<Authenticated> {
    const who = await this.checked(secret, now);
    if (who.tokenId !== undefined && this.isRevoked(who.tokenId)) throw new AuthenticationFailed('revoked');
    return who;
  }

  /** Those of these ids whose service tokens are not good any more, whether revoked or gone. @throws when their file cannot be read */
  async revokedServiceTokens(ids: readonly string[]): Promise<readonly string[]> {
    const good = new Set(
      ((await this.serviceTokens?.list()) ?? []).filter(({ revoked }) => revoked === undefined).map(({ id }) => id),
    );
    return ids.filter((id) => !good.has(id));
  }

  private async checked(secret: string, now: number): Promise<Authenticated> {
    if (!isServiceToken(secret)) {
      const who = await this.accessTokens.authenticate(secret, now);
      return this.own.has(who.principal.issuer) ? asIssued(who) : who;
    }
    if (!this.serviceTokens) throw new AuthenticationFailed('service-token');
    return this.serviceTokens.authenticate(secret, now);
  }
}
