import { DOMParser } from '@xmldom/xmldom';
import { LoginRefused } from '../login-refused.js';

/** Longer messages are not read: one of an ordinary IdP has some 10 kB. */
export const longestMessage = 64 * 1024;
const deepest = 24;

export const namespaces = {
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
} as const;
type Space = keyof typeof namespaces;

/**
 * Reads a message of plain elements and text. What XML has beside them (document types, entities, comments, CDATA, processing
 * instructions) has no use in SAML but to make two readers see two things, so it is refused before any parser sees it.
 * @throws LoginRefused
 */
export function parseXml(text: string): Element {
  if (text.length > longestMessage) throw new LoginRefused('too-large');
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw new LoginRefused('doctype');
  if (text.includes('<!')) throw new LoginRefused('comment');
  if (text.replace(/^\s*<\?xml [^?]*\?>/, '').includes('<?')) throw new LoginRefused('processing-instruction');
  const root = parsed(text);
  refuseDepth(root);
  refuseTwins(root);
  return root;
}

/** Base64 as HTTP carries it, either alphabet. @throws LoginRefused `malformed`, `too-large` */
export function decodeMessage(base64: string): string {
  if (base64.length > (longestMessage * 4) / 3 + 4) throw new LoginRefused('too-large');
  const compact = base64.replace(/\s+/g, '');
  if (compact === '' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(compact)) throw new LoginRefused('malformed');
  const bytes = Buffer.from(compact, 'base64');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text, 'utf8').equals(bytes) || text.includes('\0')) throw new LoginRefused('malformed');
  // XML 1.0, 2.11: a parser sees one kind of line end, so what is hashed has to as well.
  return text.replace(/\r\n?/g, '\n');
}

export const elementsIn = (parent: Element): Element[] => [...childrenOf(parent)].filter(isElement);
const childrenOf = (parent: Node): Node[] => Array.from(parent.childNodes);
const isElement = (node: Node): node is Element => node.nodeType === 1;

export const isNamed = (element: Element, space: Space, name: string): boolean =>
  element.namespaceURI === namespaces[space] && element.localName === name;

export const childrenNamed = (parent: Element, space: Space, name: string): Element[] =>
  elementsIn(parent).filter((child) => isNamed(child, space, name));

/** The element itself, and all below it. */
export function* descendants(element: Element): Generator<Element> {
  const waiting = [element];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    yield next;
    waiting.push(...elementsIn(next));
  }
}

/** The text of an element that holds nothing else; undefined where it holds elements. */
export const textOf = (element: Element): string | undefined =>
  childrenOf(element).every(({ nodeType }) => nodeType === 3) ? element.textContent.trim() : undefined;

function parsed(text: string): Element {
  const problem = (message: string): never => {
    throw new LoginRefused('malformed', { cause: new Error(message) });
  };
  const parser = new DOMParser({ errorHandler: { warning: problem, error: problem, fatalError: problem } });
  const document = parser.parseFromString(text, 'text/xml') as Document | undefined;
  const roots = document ? childrenOf(document).filter(isElement) : [];
  const [root] = roots;
  if (!root || roots.length > 1) throw new LoginRefused('malformed');
  return root;
}

function refuseDepth(root: Element): void {
  const waiting = [{ element: root, depth: 1 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { element, depth } = next;
    if (depth > deepest) throw new LoginRefused('too-deep');
    waiting.push(...elementsIn(element).map((child) => ({ element: child, depth: depth + 1 })));
  }
}

/** An id that is there twice lets a signature be of one element, and what is read be of another. */
function refuseTwins(root: Element): void {
  const seen = new Set<string>();
  for (const element of descendants(root))
    for (const { localName, value } of Array.from(element.attributes)) {
      if (localName.toLowerCase() !== 'id') continue;
      if (seen.has(value)) throw new LoginRefused('duplicate-id');
      seen.add(value);
    }
}
