import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { randomUUID } from 'node:crypto';
import { SignedXml } from 'xml-crypto';

/** What an assertion says. Each can be left out, or be wrong. */
export interface AssertionFacts {
  readonly id: string;
  readonly issuer: string;
  readonly nameId: string;
  readonly format: string;
  readonly audience: string | undefined;
  readonly recipient: string | undefined;
  readonly inResponseTo: string | undefined;
  /** Unix milliseconds. */
  readonly issued: number;
  readonly notBefore: number;
  readonly notOnOrAfter: number;
  readonly sessionIndex: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly method: string;
}

export interface Signing {
  readonly signature: string;
  readonly digest: string;
  readonly canonicalization: string;
  readonly transforms: readonly string[];
}

const names = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
} as const;
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const defaults: Signing = {
  signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  digest: 'http://www.w3.org/2001/04/xmlenc#sha256',
  canonicalization: exclusive,
  transforms: [enveloped, exclusive],
};
const minuteMs = 60_000;
const instant = (ms: number): string => new Date(ms).toISOString();

/** A small SAML identity provider: it signs whatever it is told to, right or wrong. */
export class TestIdentityProvider {
  private constructor(
    readonly entityId: string,
    /** PEM. */
    readonly certificate: string,
    /** PEM. */
    readonly key: string,
  ) {}

  static async make(entityId: string): Promise<TestIdentityProvider> {
    const algorithm = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=test idp',
      keys,
      signingAlgorithm: algorithm,
    });
    const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    return new TestIdentityProvider(entityId, certificate.toString('pem'), key);
  }

  /** An assertion as it should be, with what is changed of it; not signed yet. */
  assertion(changed: Partial<AssertionFacts> = {}): string {
    const now = changed.issued ?? Date.now();
    const facts: AssertionFacts = {
      id: `_${randomUUID()}`,
      issuer: this.entityId,
      nameId: 'anna',
      format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      audience: 'urn:sallyport',
      recipient: 'http://127.0.0.1:8080/api/v1/oauth/token',
      inResponseTo: undefined,
      issued: now,
      notBefore: now - minuteMs,
      notOnOrAfter: now + 5 * minuteMs,
      sessionIndex: `s-${randomUUID()}`,
      attributes: { groups: ['approvers', 'agents'] },
      method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
      ...changed,
    };
    return assertionXml(facts);
  }

  /** Signs the element of this id, within it and behind its issuer. */
  sign(
    xml: string,
    id: string,
    { key = this.key, certificate, ...changed }: Partial<Signing> & { key?: string; certificate?: string } = {},
  ): string {
    const { signature, digest, canonicalization, transforms } = { ...defaults, ...changed };
    const signer = new SignedXml({
      privateKey: key,
      ...(certificate !== undefined && { publicCert: certificate }),
      signatureAlgorithm: signature,
      canonicalizationAlgorithm: canonicalization,
    });
    if (signature.includes('hmac')) signer.enableHMAC();
    signer.addReference({ xpath: `//*[@ID='${id}']`, transforms: [...transforms], digestAlgorithm: digest });
    signer.computeSignature(xml, {
      location: { reference: `//*[@ID='${id}']/*[local-name()='Issuer']`, action: 'after' },
      prefix: 'ds',
    });
    return signer.getSignedXml();
  }

  /** A signed assertion as RFC 7522 wants it: base64url. */
  bearerAssertion(changed: Partial<AssertionFacts> = {}): string {
    const id = changed.id ?? `_${randomUUID()}`;
    return Buffer.from(this.sign(this.assertion({ ...changed, id }), id)).toString('base64url');
  }

  /** A response around an assertion, not encoded. */
  response(assertion: string, changed: Partial<ResponseFacts> = {}): string {
    const facts: ResponseFacts = {
      ...{ id: `_${randomUUID()}`, issuer: this.entityId, destination: undefined, inResponseTo: undefined },
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      ...changed,
    };
    return responseXml(facts, assertion);
  }
}

export interface ResponseFacts {
  readonly id: string;
  readonly issuer: string | undefined;
  readonly destination: string | undefined;
  readonly inResponseTo: string | undefined;
  readonly status: string;
}

const attribute = (name: string, value: string | undefined): string => (value === undefined ? '' : ` ${name}="${value}"`);

function assertionXml(facts: AssertionFacts): string {
  const { id, issuer, nameId, format, audience, recipient, inResponseTo, issued, notBefore, notOnOrAfter, method } = facts;
  const until = attribute('NotOnOrAfter', instant(notOnOrAfter));
  const restriction =
    audience === undefined
      ? ''
      : `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>`;
  const attributes = Object.entries(facts.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  );
  return `<saml:Assertion xmlns:saml="${names.assertion}" ID="${id}" Version="2.0" IssueInstant="${instant(issued)}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject><saml:NameID Format="${format}">${nameId}</saml:NameID><saml:SubjectConfirmation Method="${method}"><saml:SubjectConfirmationData${until}${attribute('Recipient', recipient)}${attribute('InResponseTo', inResponseTo)}/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${instant(notBefore)}"${until}>${restriction}</saml:Conditions><saml:AuthnStatement AuthnInstant="${instant(issued)}" SessionIndex="${facts.sessionIndex}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion>`;
}

function responseXml({ id, issuer, destination, inResponseTo, status }: ResponseFacts, content: string): string {
  const said = issuer === undefined ? '' : `<saml:Issuer xmlns:saml="${names.assertion}">${issuer}</saml:Issuer>`;
  return `<samlp:Response xmlns:samlp="${names.protocol}" ID="${id}" Version="2.0" IssueInstant="${instant(Date.now())}"${attribute('Destination', destination)}${attribute('InResponseTo', inResponseTo)}>${said}<samlp:Status><samlp:StatusCode Value="${status}"/></samlp:Status>${content}</samlp:Response>`;
}
