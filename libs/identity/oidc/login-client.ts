import * as client from 'openid-client';
import type { Principal } from '#events';
import type { Issuer } from '../access-token.js';
import { LoginRefused } from '../login-refused.js';
import { personOf } from './claims.js';
import { discover, type OidcClient } from './configuration.js';

export interface OidcLoginOptions extends OidcClient {
  /** Where the issuer sends the browser back to. */
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** How its claims are read: as those of its access tokens. */
  readonly claims: Issuer['claims'];
}

/** What a login has to come back with. */
export interface OidcChallenge {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface OidcLoggedIn {
  readonly principal: Principal;
  /** Tells the issuer at logout whose login to end. */
  readonly idToken: string;
}

/** Logs people in by an OpenID provider: authorization code with PKCE (RFC 7636, S256), state and nonce. */
export class OidcLogin {
  private known: Promise<client.Configuration> | undefined;

  constructor(private readonly options: OidcLoginOptions) {}

  get issuer(): string {
    return this.options.issuer;
  }

  /** @returns where to send the browser @throws LoginRefused `issuer-unavailable` */
  async begin(): Promise<{ readonly url: string; readonly challenge: OidcChallenge }> {
    const challenge = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(await this.configuration(), {
      redirect_uri: this.options.redirectUri,
      scope: this.options.scopes.join(' '),
      code_challenge: await client.calculatePKCECodeChallenge(challenge.verifier),
      code_challenge_method: 'S256',
      state: challenge.state,
      nonce: challenge.nonce,
    });
    return { url: url.href, challenge };
  }

  /**
   * @param query what the browser came back with, without the `?`
   * @throws LoginRefused
   */
  async finish(query: string, { state, nonce, verifier }: OidcChallenge): Promise<OidcLoggedIn> {
    const { issuer, redirectUri, claims } = this.options;
    const configuration = await this.configuration();
    const back = new URL(redirectUri);
    back.search = query;
    const tokens = await client
      .authorizationCodeGrant(configuration, back, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      .catch((cause: unknown): never => {
        throw new LoginRefused('issuer-refused', { cause: withoutTokens(cause) });
      });
    const said = tokens.claims();
    if (!said || tokens.id_token === undefined) throw new LoginRefused('id-token');
    const principal = personOf(said, { ...noIssuer, issuer, claims });
    return { principal, idToken: tokens.id_token };
  }

  /** @returns where to send the browser to end the issuer's own login; undefined where it has no such place */
  async logout(idToken: string, returnTo: string): Promise<string | undefined> {
    const configuration = await this.configuration();
    if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
    return client.buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: returnTo }).href;
  }

  /** A failure is not kept: the next login asks again. */
  private async configuration(): Promise<client.Configuration> {
    this.known ??= discover(this.options);
    try {
      return await this.known;
    } catch (cause) {
      this.known = undefined;
      throw new LoginRefused('issuer-unavailable', { cause });
    }
  }
}

/** What reading claims does not look at. */
const noIssuer = { audience: '', algorithms: [], clockSkewSeconds: 0 };

/** What an issuer answers may hold a token: its code and text are enough for a log. */
const withoutTokens = (cause: unknown): Error => {
  const { name, message } = cause as Error;
  return Object.assign(new Error(message), { name });
};
