import { SignedXml } from 'xml-crypto';
import { LoginRefused } from '../login-refused.js';
import { childrenNamed, descendants, elementsIn, isNamed, parseXml, textOf } from './xml.js';

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const digests = ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmlenc#sha512'];
/** By a private key, over SHA-2. */
const signatures = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
] as const;

/**
 * Checks the enveloped signature of an element, and gives what was signed, read anew from the very bytes that the signature is over:
 * nothing else of the message may be believed.
 * @param text the whole message, that `element` is of
 * @param certificates PEM; a key that the message brings along is not looked at
 * @throws LoginRefused
 */
export function signedContent(text: string, element: Element, certificates: readonly string[]): Element {
  const signature = signatureOf(element);
  refuseOtherForms(signature, element.getAttribute('ID') ?? '');
  const signed = certificates.flatMap((certificate) => verified(text, signature, certificate) ?? [])[0];
  if (signed === undefined) throw new LoginRefused('signature');
  return parseXml(signed);
}

function signatureOf(element: Element): Element {
  const all = [...descendants(element)].filter((one) => isNamed(one, 'signature', 'Signature'));
  const [own, ...more] = childrenNamed(element, 'signature', 'Signature');
  if (!own) throw new LoginRefused(all.length > 0 ? 'signature-place' : 'unsigned');
  if (more.length > 0 || all.length > 1) throw new LoginRefused('signature-place');
  return own;
}

/** Of all that XML signatures can be, the one form that SAML asks for (SAML core 5.4). */
function refuseOtherForms(signature: Element, id: string): void {
  const parts = elementsIn(signature).map(({ localName }) => localName);
  if (!['SignedInfo,SignatureValue', 'SignedInfo,SignatureValue,KeyInfo'].includes(parts.join()))
    throw new LoginRefused('signature-place');
  const info = only(signature, 'SignedInfo');
  const reference = only(info, 'Reference');
  if (id === '' || reference.getAttribute('URI') !== `#${id}`) throw new LoginRefused('signature-place');
  const steps = elementsIn(only(reference, 'Transforms')).map((step) => step.getAttribute('Algorithm'));
  if (steps.join(' ') !== `${enveloped} ${exclusive}`) throw new LoginRefused('transforms');
  const uses = (parent: Element, name: string): string => only(parent, name).getAttribute('Algorithm') ?? '';
  const isKnown =
    uses(info, 'CanonicalizationMethod') === exclusive &&
    (signatures as readonly string[]).includes(uses(info, 'SignatureMethod')) &&
    digests.includes(uses(reference, 'DigestMethod'));
  if (!isKnown) throw new LoginRefused('algorithm');
  if (textOf(only(reference, 'DigestValue')) === undefined || textOf(only(signature, 'SignatureValue')) === undefined)
    throw new LoginRefused('signature-place');
}

function only(parent: Element, name: string): Element {
  const [found, ...more] = childrenNamed(parent, 'signature', name);
  if (!found || more.length > 0) throw new LoginRefused('signature-place');
  return found;
}

/** The canonical text that was signed; undefined where this certificate's key did not sign it. */
function verified(text: string, signature: Element, publicCert: string): string | undefined {
  const check = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
  for (const name of Object.keys(check.SignatureAlgorithms))
    if (!(signatures as readonly string[]).includes(name)) Reflect.deleteProperty(check.SignatureAlgorithms, name);
  try {
    check.loadSignature(signature);
    const [signed, ...more] = check.checkSignature(text) ? check.getSignedReferences() : [];
    return more.length === 0 ? signed : undefined;
  } catch {
    return undefined; // it says so by an error where the value is wrong, and where it cannot be read
  }
}
