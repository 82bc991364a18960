import type { Principal } from '#events';
import { LoginRefused } from '../login-refused.js';
import { childrenNamed, descendants, elementsIn, isNamed, textOf } from './xml.js';

/** Where a principal is in an assertion. */
export interface AttributeNames {
  /** The attribute with the groups. */
  readonly groups: string;
  /** An attribute that names the principal. Without it: the NameID. */
  readonly subject?: string | undefined;
  /** An attribute that says human, agent or service. */
  readonly kind?: string | undefined;
}

/** What an assertion has to say to be taken. */
export interface Expected {
  /** The entity id of its IdP. */
  readonly issuer: string;
  readonly audience: string;
  /** Where it was to be sent. */
  readonly recipient: string;
  /** The request that it answers; undefined: it answers none, and must not say that it does. */
  readonly inResponseTo: string | undefined;
  readonly attributes: AttributeNames;
  /** Of those who do not say what they are. */
  readonly kind: Principal['kind'];
  readonly clockSkewSeconds: number;
}

/** Who a signed assertion is about. */
export interface Asserted {
  readonly principal: Principal;
  /** The assertion's own id: it is taken once. */
  readonly id: string;
  readonly nameId: string;
  readonly nameIdFormat: string | undefined;
  /** The IdP's own session, for single logout. */
  readonly sessionIndex: string | undefined;
  /** Unix milliseconds: it is of no use from then on. */
  readonly expires: number;
}

/** An assertion that is good for longer is refused: for so long it is remembered that it was spent. */
export const longestLifetimeMs = 12 * 3_600_000;
const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const transient = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

/**
 * Reads an assertion of which every byte was signed (SAML profiles 4.1.4, RFC 7522 section 3).
 * @param now unix milliseconds
 * @throws LoginRefused
 */
export function readAssertion(assertion: Element, expected: Expected, now: number): Asserted {
  if (!isNamed(assertion, 'assertion', 'Assertion')) throw new LoginRefused('no-assertion');
  if (assertion.getAttribute('Version') !== '2.0') throw new LoginRefused('version');
  if ([...descendants(assertion)].some((one) => one.localName.startsWith('Encrypted'))) throw new LoginRefused('encrypted');
  if (textOf(one(assertion, 'Issuer', 'issuer')) !== expected.issuer) throw new LoginRefused('issuer');
  const within = new Window(now, expected.clockSkewSeconds * 1000);
  const subject = one(assertion, 'Subject', 'subject');
  const confirmed = confirm(subject, expected, within);
  const until = Math.min(confirmed, checkConditions(one(assertion, 'Conditions', 'conditions'), expected, within));
  if (until - now > longestLifetimeMs) throw new LoginRefused('lifetime');
  const nameId = one(subject, 'NameID', 'subject');
  const name = textOf(nameId);
  const nameIdFormat = nameId.getAttribute('Format') ?? undefined;
  if (name === undefined || name === '' || nameIdFormat === transient) throw new LoginRefused('subject');
  const statements = childrenNamed(assertion, 'assertion', 'AuthnStatement');
  return {
    principal: principalOf(assertion, name, expected),
    id: assertion.getAttribute('ID') ?? '',
    nameId: name,
    nameIdFormat,
    sessionIndex: statements[0]?.getAttribute('SessionIndex') ?? undefined,
    expires: until,
  };
}

/** At least one confirmation has to hold whole. @returns until when */
function confirm(subject: Element, expected: Expected, within: Window): number {
  const confirmations = childrenNamed(subject, 'assertion', 'SubjectConfirmation');
  const bearers = confirmations.filter((each) => each.getAttribute('Method') === bearer);
  const [data, ...more] = bearers.flatMap((each) => childrenNamed(each, 'assertion', 'SubjectConfirmationData'));
  if (!data || more.length > 0 || confirmations.length !== 1) throw new LoginRefused('subject-confirmation');
  if (data.getAttribute('Recipient') !== expected.recipient) throw new LoginRefused('recipient');
  if ((data.getAttribute('InResponseTo') || undefined) !== expected.inResponseTo) throw new LoginRefused('in-response-to');
  if (data.getAttribute('NotOnOrAfter') === null || data.getAttribute('NotOnOrAfter') === '')
    throw new LoginRefused('subject-confirmation');
  return within.check(data);
}

function checkConditions(conditions: Element, { audience }: Expected, within: Window): number {
  const restrictions = childrenNamed(conditions, 'assertion', 'AudienceRestriction');
  // Each restriction has to hold; within one, any of its audiences (SAML core 2.5.1.4).
  const isForUs = (restriction: Element): boolean =>
    childrenNamed(restriction, 'assertion', 'Audience').some((each) => textOf(each) === audience);
  if (restrictions.length === 0 || !restrictions.every(isForUs)) throw new LoginRefused('audience');
  const known = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];
  // A condition that is not understood is not known to hold (SAML core 2.5.1).
  if (elementsIn(conditions).some(({ localName }) => !known.includes(localName))) throw new LoginRefused('conditions');
  return within.check(conditions);
}

function principalOf(assertion: Element, nameId: string, { issuer, attributes, kind }: Expected): Principal {
  const told = attributesOf(assertion);
  const single = (name: string): string => {
    const [value, ...more] = told.get(name) ?? [];
    if (value === undefined || value === '' || more.length > 0) throw new LoginRefused('attributes');
    return value;
  };
  const said = attributes.kind === undefined ? kind : single(attributes.kind);
  if (said !== 'human' && said !== 'agent' && said !== 'service') throw new LoginRefused('attributes');
  const subject = attributes.subject === undefined ? nameId : single(attributes.subject);
  return { issuer, subject, kind: said, groups: told.get(attributes.groups) ?? [] };
}

function attributesOf(assertion: Element): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const statement of childrenNamed(assertion, 'assertion', 'AttributeStatement'))
    for (const attribute of childrenNamed(statement, 'assertion', 'Attribute')) {
      const name = attribute.getAttribute('Name') ?? '';
      const values = childrenNamed(attribute, 'assertion', 'AttributeValue').map(textOf);
      if (told.has(name) || values.some((value) => value === undefined)) throw new LoginRefused('attributes');
      told.set(name, values as string[]);
    }
  return told;
}

function one(parent: Element, name: string, reason: 'issuer' | 'subject' | 'conditions'): Element {
  const [found, ...more] = childrenNamed(parent, 'assertion', name);
  if (!found || more.length > 0) throw new LoginRefused(reason);
  return found;
}

/** The time, and how far another's clock may be from it. */
class Window {
  constructor(
    private readonly now: number,
    private readonly skewMs: number,
  ) {}

  /** @returns when it ends: unix milliseconds, or Infinity */
  check(element: Element): number {
    const from = instant(element.getAttribute('NotBefore')) ?? -Infinity;
    const until = instant(element.getAttribute('NotOnOrAfter')) ?? Infinity;
    if (from > this.now + this.skewMs) throw new LoginRefused('not-yet-valid');
    if (until <= this.now - this.skewMs) throw new LoginRefused('expired');
    return until;
  }
}

/** SAML core 1.3.3: in UTC, and it says so. */
function instant(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new LoginRefused('malformed');
  return ms;
}
