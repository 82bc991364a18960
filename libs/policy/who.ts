import { type By, canonical, type Principal } from '#events';

/** Who asks for a session, as far as roles are chosen by it. */
export interface Who {
  readonly principal: Principal;
  /** Who acts in its name, the present actor first. */
  readonly actors: readonly By[];
  /** What its token says, as it was verified or recorded. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A claim as it is recorded and read: integers, texts, lists. What is no integer is a text, so that no platform rounds it. */
export type Claim = string | number | boolean | null | readonly Claim[] | { readonly [name: string]: Claim };

/** Of a token's claims those that are named, in the form in which they are recorded, and read live, too. */
export function claimsNamed(claims: Who['claims'], names: readonly string[]): Readonly<Record<string, Claim>> {
  const named = names.filter((name) => Object.hasOwn(claims, name) && claims[name] !== undefined);
  return Object.fromEntries(named.map((name) => [name, claimOf(claims[name])]));
}

/** Canonical JSON of these claims: what another policy can be asked about later. */
export const recordedClaims = (claims: Who['claims'], names: readonly string[]): string => canonical(claimsNamed(claims, names));

function claimOf(value: unknown): Claim {
  switch (typeof value) {
    case 'string':
      return wellFormed(value);
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? value : String(value);
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.map(claimOf);
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [wellFormed(name), claimOf(member)]));
    default:
      return String(value);
  }
}

/** Half a surrogate pair, which JSON can spell and UTF-8 cannot, is U+FFFD. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
