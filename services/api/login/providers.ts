import { readFileSync } from 'node:fs';
import { OidcLogin, SamlAssertions, type SamlProvider, SamlServiceProvider } from '#identity';
import type { Config } from '#runtime';
import { RequestFailed } from '../problem/problem.js';

export type LoginConfig = Config<'api'>['api']['login'];
type SamlConfig = LoginConfig['saml'][number];

/** A button of the login page. */
export interface BrowserLogin {
  readonly kind: 'oidc' | 'saml';
  readonly name: string;
  readonly label: string;
  readonly url: string;
}

export interface ProvidersOptions {
  readonly login: LoginConfig;
  readonly issuers: Config<'api'>['issuers'];
  /** Our own address from outside, without a slash at its end. */
  readonly publicUrl: string;
}

/** The providers that the configuration names, as their clients here. */
export class Providers {
  private readonly oidc: ReadonlyMap<string, OidcLogin>;
  private readonly saml: ReadonlyMap<string, SamlServiceProvider>;
  readonly assertions: SamlAssertions;
  /** In the order of the configuration. */
  readonly browser: readonly BrowserLogin[];

  constructor({ login, issuers, publicUrl }: ProvidersOptions) {
    const api = `${publicUrl}/api/v1`;
    const forConsole = login.saml.filter(({ for: uses }) => uses.includes('console'));
    this.oidc = new Map(
      login.oidc.map(({ name, issuer, clientId, clientSecret, scopes }) => [
        name,
        new OidcLogin({
          ...{ issuer, clientId, scopes, clientSecret: clientSecret?.reveal() },
          redirectUri: `${api}/login/oidc/${name}/callback`,
          claims: issuers.find((one) => one.issuer === issuer)?.claims ?? { subject: 'sub', groups: 'groups' },
        }),
      ]),
    );
    this.saml = new Map(
      forConsole.map((one) => {
        const base = `${api}/login/saml/${one.name}`;
        return [
          one.name,
          new SamlServiceProvider(providerOf(one), { assertionConsumer: `${base}/acs`, logout: `${base}/logout` }),
        ];
      }),
    );
    const forTokens = login.saml.filter(({ for: uses }) => uses.includes('tokens'));
    this.assertions = new SamlAssertions(forTokens.map(providerOf), `${api}/oauth/token`);
    const button = (kind: BrowserLogin['kind'], { name, label }: { name: string; label?: string | undefined }): BrowserLogin => ({
      ...{ kind, name, label: label ?? name, url: `/api/v1/login/${kind}/${name}` },
    });
    this.browser = [...login.oidc.map((one) => button('oidc', one)), ...forConsole.map((one) => button('saml', one))];
  }

  /** @throws RequestFailed `not-found` */
  oidcNamed(name: string): OidcLogin {
    return found(this.oidc, name);
  }

  /** @throws RequestFailed `not-found` */
  samlNamed(name: string): SamlServiceProvider {
    return found(this.saml, name);
  }
}

function found<T>(known: ReadonlyMap<string, T>, name: string): T {
  const provider = known.get(name);
  if (provider === undefined) throw new RequestFailed('not-found', 'No provider of this name is configured.');
  return provider;
}

const read = (file: string): string => readFileSync(file, 'utf8');

const providerOf = ({ certificates, signing, ...rest }: SamlConfig): SamlProvider => ({
  ...rest,
  certificates: certificates.map(read),
  signing: signing && { key: read(signing.key), certificate: read(signing.certificate) },
});
