import { inflateRawSync } from 'node:zlib';
import { type Profile, SAML, ValidateInResponseTo } from '@node-saml/node-saml';
import { LoginRefused } from '../login-refused.js';
import type { Asserted, AttributeNames } from './assertion.js';
import { issuerNamedBy, readBareAssertion, readResponse, requestAnsweredBy } from './messages.js';
import { decodeMessage, longestMessage, parseXml } from './xml.js';

/** An identity provider, as it is configured here. */
export interface SamlProvider {
  /** Its own entity id: the issuer of its principals. */
  readonly entityId: string;
  /** PEM; several while it changes its key. */
  readonly certificates: readonly string[];
  /** Our entity id: what its assertions name as their audience. */
  readonly audience: string;
  /** Where people are sent to log in; without it they cannot. */
  readonly singleSignOnUrl?: string | undefined;
  readonly singleLogoutUrl?: string | undefined;
  /** Takes responses that answer no request of ours. */
  readonly idpInitiated: boolean;
  readonly attributes: AttributeNames;
  readonly clockSkewSeconds: number;
  /** PEM: our key and certificate, where it wants our requests signed. */
  readonly signing?: { readonly key: string; readonly certificate: string } | undefined;
}

/** Our own addresses, as the provider knows them. */
export interface SamlAddresses {
  readonly assertionConsumer: string;
  readonly logout: string;
}

/** Whose login the provider wants to end. */
export interface LogoutRequest {
  readonly nameId: string;
  readonly sessionIndex: string | undefined;
  /** Where to send the browser with the answer; undefined where the provider takes none. */
  readonly answer: () => Promise<string | undefined>;
}

/**
 * Our side of one identity provider: requests, metadata and logout are made by node-saml. A response is read twice, strictly by us and
 * once more by node-saml: what the two do not agree on is refused.
 */
export class SamlServiceProvider {
  private readonly saml: SAML;

  constructor(
    readonly provider: SamlProvider,
    private readonly addresses: SamlAddresses,
  ) {
    const { entityId, certificates, audience, singleSignOnUrl, singleLogoutUrl, signing, clockSkewSeconds } = provider;
    this.saml = new SAML({
      idpCert: [...certificates],
      idpIssuer: entityId,
      issuer: audience,
      audience,
      callbackUrl: addresses.assertionConsumer,
      logoutCallbackUrl: addresses.logout,
      ...(singleSignOnUrl !== undefined && { entryPoint: singleSignOnUrl }),
      logoutUrl: singleLogoutUrl ?? singleSignOnUrl ?? '',
      ...(signing && { privateKey: signing.key, publicCert: signing.certificate }),
      signatureAlgorithm: 'sha256',
      digestAlgorithm: 'sha256',
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: false,
      identifierFormat: null,
      disableRequestedAuthnContext: true,
      acceptedClockSkewMs: clockSkewSeconds * 1000,
      // Which request is answered is ours to say: it is bound to a browser.
      validateInResponseTo: ValidateInResponseTo.never,
    });
  }

  /** XML, for the provider's administrator. */
  metadata(): string {
    return this.saml.generateServiceProviderMetadata(null, this.provider.signing?.certificate ?? null);
  }

  /** @returns where to send the browser, and the id that the response has to answer */
  async request(): Promise<{ readonly url: string; readonly id: string }> {
    const url = await this.saml.getAuthorizeUrlAsync('', undefined, {});
    const message = new URL(url).searchParams.get('SAMLRequest') ?? '';
    const id = parseXml(inflateRawSync(Buffer.from(message, 'base64')).toString('utf8')).getAttribute('ID') ?? '';
    return { url, id };
  }

  /** Which request of ours a response says it answers; nothing of it is believed yet. @throws LoginRefused */
  answers(response: string): string | undefined {
    return requestAnsweredBy(response);
  }

  /**
   * @param response base64, as the browser posts it
   * @param request the id that it has to answer; undefined: it may answer none
   * @throws LoginRefused
   */
  async accept(response: string, request: string | undefined, now: number): Promise<Asserted> {
    const { entityId, audience, attributes, clockSkewSeconds, certificates, idpInitiated } = this.provider;
    if (request === undefined && !idpInitiated) throw new LoginRefused('in-response-to');
    const expected = {
      ...{ issuer: entityId, audience, attributes, clockSkewSeconds, inResponseTo: request },
      ...{ recipient: this.addresses.assertionConsumer, kind: 'human' as const },
    };
    const asserted = readResponse(response, certificates, expected, now);
    const second = await this.secondOpinion(response);
    if (second?.nameID !== asserted.nameId || second.issuer !== entityId || second.sessionIndex !== asserted.sessionIndex)
      throw new LoginRefused('second-opinion');
    return asserted;
  }

  /** @returns where to send the browser to end the provider's own login; undefined where it has no such place */
  async logout({
    nameId,
    nameIdFormat,
    sessionIndex,
  }: Pick<Asserted, 'nameId' | 'nameIdFormat' | 'sessionIndex'>): Promise<string | undefined> {
    const { singleLogoutUrl, entityId } = this.provider;
    if (singleLogoutUrl === undefined) return undefined;
    const profile = {
      issuer: entityId,
      nameID: nameId,
      nameIDFormat: nameIdFormat ?? '',
      ...(sessionIndex !== undefined && { sessionIndex }),
    };
    return this.saml.getLogoutUrlAsync(profile, '', {});
  }

  /**
   * A logout request that came by redirect.
   * @param query the query of the address as it was sent, without the `?`
   * @throws LoginRefused unless it is signed by the provider
   */
  async logoutByRedirect(query: string): Promise<LogoutRequest> {
    const fields = singleFields(query);
    const message = fields.get('SAMLRequest');
    // node-saml takes a query without a signature.
    if (message === undefined || !fields.has('Signature')) throw new LoginRefused('unsigned');
    if (!redirectSignatures.includes(fields.get('SigAlg') ?? '')) throw new LoginRefused('algorithm');
    refuseOddities(inflated(message));
    return this.logoutRequest(this.saml.validateRedirectAsync(Object.fromEntries(fields), query));
  }

  /** The same, as a browser posts it. @throws LoginRefused */
  async logoutByPost(message: string): Promise<LogoutRequest> {
    const text = decodeMessage(message);
    refuseOddities(text);
    if (/xmldsig#(rsa-|hmac-|dsa-)?sha1"/.test(text)) throw new LoginRefused('algorithm');
    return this.logoutRequest(this.saml.validatePostRequestAsync({ SAMLRequest: message }));
  }

  private async logoutRequest(validated: Promise<{ profile: Profile | null }>): Promise<LogoutRequest> {
    const { profile } = await validated.catch((cause: unknown): never => {
      throw new LoginRefused('signature', { cause });
    });
    if (!profile || profile.issuer !== this.provider.entityId) throw new LoginRefused('issuer');
    return {
      nameId: profile.nameID,
      sessionIndex: profile.sessionIndex,
      answer: async () =>
        this.provider.singleLogoutUrl === undefined ? undefined : this.saml.getLogoutResponseUrlAsync(profile, '', {}, true),
    };
  }

  private async secondOpinion(response: string): Promise<Profile | null> {
    try {
      return (await this.saml.validatePostResponseAsync({ SAMLResponse: response })).profile;
    } catch (cause) {
      throw new LoginRefused('second-opinion', { cause });
    }
  }
}

/** Reads assertions that programs bring themselves, RFC 7522: each by the rules of the provider that it names. */
export class SamlAssertions {
  private readonly providers: ReadonlyMap<string, SamlProvider>;

  /** @param recipient the address of the token endpoint */
  constructor(
    providers: readonly SamlProvider[],
    private readonly recipient: string,
  ) {
    this.providers = new Map(providers.map((provider) => [provider.entityId, provider]));
  }

  /** @throws LoginRefused */
  accept(assertion: string, now: number): Asserted {
    const provider = this.providers.get(issuerNamedBy(assertion) ?? '');
    if (!provider) throw new LoginRefused('issuer');
    const { entityId: issuer, audience, attributes, clockSkewSeconds, certificates } = provider;
    const expected = { issuer, audience, attributes, clockSkewSeconds, recipient: this.recipient, inResponseTo: undefined };
    return readBareAssertion(assertion, certificates, { ...expected, kind: 'service' }, now);
  }
}

const redirectSignatures = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
];

/** Each field once: of two of one name, one could be signed and the other be read. */
function singleFields(query: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (fields.has(name) || !['SAMLRequest', 'RelayState', 'SigAlg', 'Signature'].includes(name))
      throw new LoginRefused('malformed');
    fields.set(name, value);
  }
  return fields;
}

function inflated(message: string): string {
  try {
    return inflateRawSync(Buffer.from(message, 'base64'), { maxOutputLength: longestMessage }).toString('utf8');
  } catch (cause) {
    throw new LoginRefused('malformed', { cause });
  }
}

const refuseOddities = (text: string): void => {
  parseXml(text);
};
