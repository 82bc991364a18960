import { createHash } from 'node:crypto';
import type { LoginRefusal } from '#identity';
import { type AssertionFacts, enveloped, exclusive, type Signing, type TestIdentityProvider } from '../../../test/saml/index.js';

export interface Stage {
  readonly idp: TestIdentityProvider;
  /** Another one, whose key nobody here knows. */
  readonly stranger: TestIdentityProvider;
  /** The request that waits for an answer. */
  readonly request: string;
  readonly acs: string;
}

const minuteMs = 60_000;
const id = '_assertion';
const facts = ({ acs, request }: Stage, changed: Partial<AssertionFacts> = {}): Partial<AssertionFacts> => ({
  ...{ id, recipient: acs, inResponseTo: request, issued: Date.now() },
  ...changed,
});

/** A response that is right, but for what is changed in it. */
function response(
  stage: Stage,
  changed: Partial<AssertionFacts> = {},
  signing: Partial<Signing> & { key?: string; certificate?: string } = {},
) {
  const { idp, request, acs } = stage;
  const assertion = idp.sign(idp.assertion(facts(stage, changed)), id, signing);
  return idp.response(assertion, { inResponseTo: request, destination: acs, id: '_response' });
}
const unsigned = (stage: Stage, changed: Partial<AssertionFacts> = {}): string =>
  stage.idp.response(stage.idp.assertion(facts(stage, changed)), {
    inResponseTo: stage.request,
    destination: stage.acs,
    id: '_response',
  });

const signatureIn = (xml: string): string => /<ds:Signature .*<\/ds:Signature>/s.exec(xml)?.[0] ?? '';
const assertionIn = (xml: string): string => /<saml:Assertion .*<\/saml:Assertion>/s.exec(xml)?.[0] ?? '';
const evil = (stage: Stage, changed: Partial<AssertionFacts> = {}): string =>
  stage.idp.assertion(facts(stage, { nameId: 'admin', attributes: { groups: ['admins'] }, id: '_evil', ...changed }));
const object = (content: string): string => `<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#">${content}</ds:Object>`;
/** The assertion that was signed, moved about and replaced, as Somorovsky et al. numbered it (XSW 1 to 8). */
const wrapped: Record<string, (stage: Stage) => string> = {
  'XSW1: the signed response copied behind an evil one': (stage) => {
    const good = stage.idp.sign(unsigned(stage), '_response');
    const signature = signatureIn(good);
    const original = good.replace(signature, '');
    return original
      .replace('ID="_response"', 'ID="_evil-response"')
      .replace(assertionIn(original), evil(stage))
      .replace(
        '</samlp:Response>',
        `${signature.replace('</ds:Signature>', `${object(original)}</ds:Signature>`)}</samlp:Response>`,
      );
  },
  'XSW2: the same with a detached signature': (stage) => {
    const good = stage.idp.sign(unsigned(stage), '_response');
    const signature = signatureIn(good);
    const original = good.replace(signature, '');
    return original
      .replace('ID="_response"', 'ID="_evil-response"')
      .replace(assertionIn(original), evil(stage))
      .replace('</samlp:Response>', `${original}${signature}</samlp:Response>`);
  },
  'XSW3: an evil assertion before the signed one': (stage) => {
    const good = response(stage);
    return good.replace(assertionIn(good), `${evil(stage)}${assertionIn(good)}`);
  },
  'XSW4: the signed assertion within an evil one': (stage) => {
    const good = response(stage);
    return good.replace(assertionIn(good), evil(stage).replace('</saml:Assertion>', `${assertionIn(good)}</saml:Assertion>`));
  },
  'XSW5: an evil assertion with the signature, the signed one behind it': (stage) => {
    const good = response(stage);
    const signed = assertionIn(good);
    const signature = signatureIn(good);
    return good.replace(
      signed,
      `${evil(stage).replace('</saml:Issuer>', `</saml:Issuer>${signature}`)}${signed.replace(signature, '')}`,
    );
  },
  'XSW6: the signed assertion within the signature of an evil one': (stage) => {
    const good = response(stage);
    const signed = assertionIn(good);
    const signature = signatureIn(good);
    const around = signature.replace('</ds:Signature>', `${object(signed.replace(signature, ''))}</ds:Signature>`);
    return good.replace(signed, evil(stage).replace('</saml:Issuer>', `</saml:Issuer>${around}`));
  },
  'XSW7: an evil assertion in extensions': (stage) => {
    const good = response(stage);
    return good.replace(assertionIn(good), `<samlp:Extensions>${evil(stage)}</samlp:Extensions>${assertionIn(good)}`);
  },
  'XSW8: the signed assertion in an object of the signature': (stage) => {
    const good = response(stage);
    const signed = assertionIn(good);
    const signature = signatureIn(good);
    const inside = signature.replace('</ds:Signature>', `${object(signed.replace(signature, ''))}</ds:Signature>`);
    return good.replace(signed, evil(stage, { id }).replace('</saml:Issuer>', `</saml:Issuer>${inside}`));
  },
};
const reasonOfWrapped: Record<string, LoginRefusal> = { XSW8: 'duplicate-id' };

const changed =
  (from: string | RegExp, to: string) =>
  (stage: Stage): string => {
    const good = response(stage);
    const bad = good.replace(from, to);
    if (bad === good) throw new Error(`nothing of the response is ${String(from)}`);
    return bad;
  };
const base64 = (xml: string): string => Buffer.from(xml).toString('base64');
const doctype = (declaration: string) => (stage: Stage) => `<?xml version="1.0"?>${declaration}${response(stage)}`;
const sha1 = 'http://www.w3.org/2000/09/xmldsig#';

const written: readonly (readonly [string, LoginRefusal, (stage: Stage) => string])[] = [
  ['with no signature at all', 'unsigned', (stage) => unsigned(stage)],
  ['of which only the response is signed', 'unsigned', (stage) => stage.idp.sign(unsigned(stage), '_response')],
  ...Object.entries(wrapped).map(
    ([name, make]) => [name, reasonOfWrapped[name.slice(0, 4)] ?? 'several-assertions', make] as const,
  ),
  ['with a name that was changed after signing', 'signature', changed('>anna<', '>admin<')],
  ['with a group that was added after signing', 'signature', changed('>agents<', '>admins<')],
  ['signed with the key of another IdP', 'signature', (stage) => response(stage, {}, { key: stage.stranger.key })],
  [
    "with the attacker's certificate in its KeyInfo",
    'signature',
    (stage) => response(stage, {}, { key: stage.stranger.key, certificate: stage.stranger.certificate }),
  ],
  ['signed over SHA-1', 'algorithm', (stage) => response(stage, {}, { signature: `${sha1}rsa-sha1` })],
  ['with a digest of SHA-1', 'algorithm', (stage) => response(stage, {}, { digest: `${sha1}sha1` })],
  [
    'with an HMAC whose key is our copy of the certificate',
    'algorithm',
    (stage) => response(stage, {}, { signature: `${sha1}hmac-sha1`, key: stage.idp.certificate }),
  ],
  [
    'canonicalized another way',
    'algorithm',
    (stage) => response(stage, {}, { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }),
  ],
  ['with a transform less', 'transforms', (stage) => response(stage, {}, { transforms: [enveloped] })],
  [
    'with comments kept in what is signed',
    'transforms',
    (stage) => response(stage, {}, { transforms: [enveloped, `${exclusive}WithComments`] }),
  ],
  [
    'with an XSLT transform',
    'transforms',
    changed(
      `Algorithm="${exclusive}"/></ds:Transforms>`,
      'Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></ds:Transforms>',
    ),
  ],
  [
    'with an XPath transform',
    'transforms',
    changed('</ds:Transforms>', '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"/></ds:Transforms>'),
  ],
  ['whose signature refers to the whole document', 'signature-place', changed(`URI="#${id}"`, 'URI=""')],
  ['whose signature refers to a file', 'signature-place', changed(`URI="#${id}"`, 'URI="file:///etc/passwd"')],
  ['with two references', 'signature-place', changed(/(<ds:Reference .*<\/ds:Reference>)/s, '$1$1')],
  ['with two signatures', 'signature-place', changed(/(<ds:Signature .*<\/ds:Signature>)/s, '$1$1')],
  ['with a signature of nothing', 'signature', changed(/<ds:SignatureValue>[^<]*</, '<ds:SignatureValue><')],
  ['for another audience', 'audience', (stage) => response(stage, { audience: 'urn:somebody-else' })],
  ['for no audience', 'audience', (stage) => response(stage, { audience: undefined })],
  ['for another recipient', 'recipient', (stage) => response(stage, { recipient: 'https://elsewhere.example/acs' })],
  ['for no recipient', 'recipient', (stage) => response(stage, { recipient: undefined })],
  ['for the token endpoint', 'recipient', (stage) => response(stage, { recipient: stage.acs.replace(/login.*/, 'oauth/token') })],
  ['for another destination', 'destination', changed(/Destination="[^"]*"/, 'Destination="https://elsewhere.example/acs"')],
  ['from another issuer', 'issuer', (stage) => response(stage, { issuer: 'https://other.example' })],
  [
    'from another issuer than its assertion',
    'issuer',
    changed(/(<samlp:Response [^>]*>)<saml:Issuer([^>]*)>[^<]*/, '$1<saml:Issuer$2>https://other.example'),
  ],
  ['that has expired', 'expired', (stage) => response(stage, { notOnOrAfter: Date.now() - minuteMs })],
  [
    'that is not valid yet',
    'not-yet-valid',
    (stage) => response(stage, { notBefore: Date.now() + 5 * minuteMs, notOnOrAfter: Date.now() + 9 * minuteMs }),
  ],
  ['that is good for a week', 'lifetime', (stage) => response(stage, { notOnOrAfter: Date.now() + 7 * 24 * 3_600_000 })],
  ['that answers a request that nobody sent', 'in-response-to', changed(/InResponseTo="[^"]*"/g, 'InResponseTo="_nobodys"')],
  ['that answers no request', 'in-response-to', changed(/ InResponseTo="[^"]*"/g, '')],
  ['whose assertion answers another request', 'in-response-to', (stage) => response(stage, { inResponseTo: '_another' })],
  ['whose assertion answers none', 'in-response-to', (stage) => response(stage, { inResponseTo: undefined })],
  [
    'without a subject confirmation',
    'subject-confirmation',
    (stage) => signedAs(stage, (xml) => xml.replace(/<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/s, '')),
  ],
  [
    'that is for who holds a key',
    'subject-confirmation',
    (stage) => response(stage, { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }),
  ],
  ['without a subject', 'subject', (stage) => signedAs(stage, (xml) => xml.replace(/<saml:Subject>.*<\/saml:Subject>/s, ''))],
  ['without a name', 'subject', (stage) => response(stage, { nameId: '' })],
  [
    'with a name of one day',
    'subject',
    (stage) => response(stage, { format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }),
  ],
  ['with an element in the name', 'subject', (stage) => response(stage, { nameId: 'anna<saml:x/>.evil' })],
  [
    'without conditions',
    'conditions',
    (stage) => signedAs(stage, (xml) => xml.replace(/<saml:Conditions .*<\/saml:Conditions>/s, '')),
  ],
  [
    'with a condition that nobody knows',
    'conditions',
    (stage) => signedAs(stage, (xml) => xml.replace('</saml:Conditions>', '<saml:Condition/></saml:Conditions>')),
  ],
  [
    'with an attribute given twice',
    'attributes',
    (stage) => signedAs(stage, (xml) => xml.replace(/(<saml:Attribute Name="groups">.*<\/saml:Attribute>)/s, '$1$1')),
  ],
  ['of another version', 'version', changed('Version="2.0"', 'Version="1.1"')],
  ['that says it failed', 'status', changed('status:Success', 'status:Responder')],
  ['with a comment in the name', 'comment', changed('>anna<', '>admin<!-- -->.anna<')],
  ['with CDATA in the name', 'comment', changed('>anna<', '><![CDATA[anna]]><')],
  ['with a processing instruction in the name', 'processing-instruction', changed('>anna<', '>ad<?x y?>min<')],
  ['with a document type', 'doctype', doctype('<!DOCTYPE r>')],
  ['with an entity of a file', 'doctype', doctype('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>')],
  [
    'with a bomb of entities',
    'doctype',
    doctype(
      `<!DOCTYPE r [<!ENTITY a "ha">${'bcdefgh'
        .split('')
        .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefg'[i] ?? ''};`.repeat(10)}">`)
        .join('')}]>`,
    ),
  ],
  ['with a document type in UTF-16', 'malformed', () => Buffer.from('\ufeff<!DOCTYPE r><r/>', 'utf16le').toString('latin1')],
  [
    'that is encrypted',
    'encrypted',
    (stage) =>
      stage.idp.response('<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>', {
        inResponseTo: stage.request,
      }),
  ],
  ['with no assertion', 'no-assertion', (stage) => stage.idp.response('', { inResponseTo: stage.request })],
  [
    'with an assertion of another namespace',
    'no-assertion',
    changed(/urn:oasis:names:tc:SAML:2.0:assertion"/g, 'urn:oasis:names:tc:SAML:1.0:assertion"'),
  ],
  [
    'with an assertion in its extensions only',
    'no-assertion',
    (stage) => {
      const good = response(stage);
      return good.replace(assertionIn(good), `<samlp:Extensions>${assertionIn(good)}</samlp:Extensions>`);
    },
  ],
  ['with one id on two elements', 'duplicate-id', changed('<samlp:Status>', `<samlp:Status ID="${id}">`)],
  [
    'that is no response',
    'not-a-response',
    (stage) => assertionIn(response(stage)).replace('<saml:Assertion ', `<saml:Assertion InResponseTo="${stage.request}" `),
  ],
  ['with two roots', 'malformed', (stage) => response(stage) + response(stage)],
  ['that is cut off', 'malformed', (stage) => response(stage).slice(0, -40)],
  ['that is no XML', 'malformed', () => 'admin, please'],
  [
    'that is nested deeply',
    'too-deep',
    (stage) => stage.idp.response(`${'<a>'.repeat(400)}${'</a>'.repeat(400)}`, { inResponseTo: stage.request }),
  ],
  [
    'that is huge',
    'too-large',
    (stage) => response(stage).replace('</samlp:Response>', `${' '.repeat(64 * 1024)}</samlp:Response>`),
  ],
];

function signedAs(stage: Stage, change: (xml: string) => string): string {
  const { idp, request, acs } = stage;
  return idp.response(idp.sign(change(idp.assertion(facts(stage))), id), {
    inResponseTo: request,
    destination: acs,
    id: '_response',
  });
}

/** What is posted, base64, and why it is refused. */
export const badResponses: readonly (readonly [string, LoginRefusal, (stage: Stage) => string])[] = [
  ...written.map(([name, reason, make]) => [name, reason, (stage: Stage) => base64(make(stage))] as const),
  ['that is empty', 'malformed', () => ''],
  ['that is no base64', 'malformed', () => '%%%'],
  ['that is no UTF-8', 'malformed', () => createHash('sha512').update('x').digest('base64')],
];
