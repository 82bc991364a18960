import { LoginRefused } from '../login-refused.js';
import { type Asserted, type Expected, readAssertion } from './assertion.js';
import { signedContent } from './signature.js';
import { childrenNamed, decodeMessage, descendants, elementsIn, isNamed, parseXml, textOf } from './xml.js';

const success = 'urn:oasis:names:tc:SAML:2.0:status:Success';

/**
 * Reads a SAML response as a browser posts it, base64. Its assertion has to be signed, whether the response is or not.
 * @throws LoginRefused
 */
export function readResponse(base64: string, certificates: readonly string[], expected: Expected, now: number): Asserted {
  const text = decodeMessage(base64);
  const response = parseXml(text);
  if (!isNamed(response, 'protocol', 'Response')) throw new LoginRefused('not-a-response');
  if (response.getAttribute('Version') !== '2.0') throw new LoginRefused('version');
  const destination = response.getAttribute('Destination');
  if (destination !== null && destination !== '' && destination !== expected.recipient) throw new LoginRefused('destination');
  for (const issuer of childrenNamed(response, 'assertion', 'Issuer'))
    if (textOf(issuer) !== expected.issuer) throw new LoginRefused('issuer');
  if ((response.getAttribute('InResponseTo') || undefined) !== expected.inResponseTo) throw new LoginRefused('in-response-to');
  checkStatus(response);
  return readAssertion(signedContent(text, assertionIn(response), certificates), expected, now);
}

/** The request that a response says it answers, before anything of it is believed: which login it is for. @throws LoginRefused */
export const requestAnsweredBy = (base64: string): string | undefined =>
  parseXml(decodeMessage(base64)).getAttribute('InResponseTo') || undefined;

/** Reads an assertion that stands alone, base64url (RFC 7522 2.1). @throws LoginRefused */
export function readBareAssertion(base64: string, certificates: readonly string[], expected: Expected, now: number): Asserted {
  const text = decodeMessage(base64);
  const assertion = parseXml(text);
  if (isNamed(assertion, 'assertion', 'EncryptedAssertion')) throw new LoginRefused('encrypted');
  if (!isNamed(assertion, 'assertion', 'Assertion')) throw new LoginRefused('no-assertion');
  const inside = [...descendants(assertion)].filter((one) => isNamed(one, 'assertion', 'Assertion'));
  if (inside.length > 1) throw new LoginRefused('several-assertions');
  return readAssertion(signedContent(text, assertion, certificates), expected, now);
}

/** The issuer that an assertion names, before anything of it is believed: whose key has to fit. @throws LoginRefused */
export function issuerNamedBy(base64: string): string | undefined {
  const [issuer] = childrenNamed(parseXml(decodeMessage(base64)), 'assertion', 'Issuer');
  return issuer && textOf(issuer);
}

function checkStatus(response: Element): void {
  const [status, ...more] = childrenNamed(response, 'protocol', 'Status');
  const code = status && elementsIn(status)[0];
  if (!code || more.length > 0 || code.getAttribute('Value') !== success) throw new LoginRefused('status');
}

/** The one assertion, where it belongs: of several, or of one that is hidden elsewhere, one could be signed and another be read. */
function assertionIn(response: Element): Element {
  const all = [...descendants(response)];
  if (all.some((one) => isNamed(one, 'assertion', 'EncryptedAssertion'))) throw new LoginRefused('encrypted');
  if (all.filter(({ localName }) => localName === 'Assertion').length > 1) throw new LoginRefused('several-assertions');
  const [assertion] = childrenNamed(response, 'assertion', 'Assertion');
  if (!assertion) throw new LoginRefused('no-assertion');
  const signatures =
    childrenNamed(response, 'signature', 'Signature').length + childrenNamed(assertion, 'signature', 'Signature').length;
  if (all.filter((one) => isNamed(one, 'signature', 'Signature')).length > signatures) throw new LoginRefused('signature-place');
  return assertion;
}
