import type { JWTPayload } from 'jose';
import { AuthenticationFailed } from './errors.js';

/**
 * Where to find what in a token. A source is the name of a claim (`sub`; `realm_access.roles` goes down; a name may hold dots itself),
 * or a template with claims in braces (`repo:{repository}`).
 */
export interface ClaimMapping {
  readonly subject: string;
  /** Each adds its groups; one that is not in the token adds none. */
  readonly groups: string | readonly string[];
  /** A claim that says human, agent or service; or what every principal of this issuer is. Absent: told by the client that it names. */
  readonly kind?: string | { readonly fixed: 'human' | 'agent' | 'service' } | undefined;
  /** What it says of the run that it is for, and of which it vouches: names of claims. Absent: nothing. */
  readonly run?: string | undefined;
  readonly conversation?: string | undefined;
  readonly toolCall?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** @throws AuthenticationFailed */
export function subjectOf(payload: JWTPayload, source: string): string {
  const subject = isTemplate(source) ? filled(payload, source) : claimAt(payload, source);
  if (typeof subject !== 'string' || !isName(subject)) throw new AuthenticationFailed('claims');
  return subject;
}

/** All groups, each once, in the order of the sources. @throws AuthenticationFailed */
export function groupsOf(payload: JWTPayload, sources: ClaimMapping['groups']): string[] {
  const list = typeof sources === 'string' ? [sources] : sources;
  refuseOverage(payload, list);
  const groups = list.flatMap((source) =>
    isTemplate(source) ? (filled(payload, source) ?? []) : listed(claimAt(payload, source)),
  );
  if (!groups.every((group) => typeof group === 'string' && isName(group))) throw new AuthenticationFailed('claims');
  return [...new Set(groups as string[])];
}

/** A claim of that very name, or one further down. Names with dots come before steps down: `kubernetes.io.namespace`. */
export function claimAt(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined;
  if (Object.hasOwn(claims, name)) return (claims as JWTPayload)[name];
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const [step, rest] = [name.slice(0, dot), name.slice(dot + 1)];
    if (Object.hasOwn(claims, step)) return claimAt((claims as JWTPayload)[step], rest);
  }
  return undefined;
}

const isTemplate = (source: string): boolean => source.includes('{');

const braced = /\{([^{}]+)\}/g;

/** Undefined where the token lacks one of its claims. */
function filled(payload: JWTPayload, template: string): string | undefined {
  const texts = new Map([...template.matchAll(braced)].map(([, name = '']) => [name, textOf(claimAt(payload, name))]));
  if ([...texts.values()].includes(undefined)) return undefined;
  return template.replace(braced, (_, name: string) => texts.get(name) ?? '');
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw new AuthenticationFailed('claims');
  return String(value);
}

/** No groups are no groups; one group may stand alone. */
function listed(claim: unknown): readonly unknown[] {
  if (claim === undefined || claim === null) return [];
  return Array.isArray(claim) ? claim : [claim];
}

/** Shown in lists and logs, and compared: nothing invisible may tell two of them apart. */
const isName = (text: string): boolean => text !== '' && !/\p{Cc}/u.test(text);

/**
 * OpenID Connect Core 5.6.2, as Entra ID uses it: a claim that would be too long is not there, but where to ask for it is. No groups
 * would be a wrong answer, and addresses in tokens are not followed.
 */
function refuseOverage({ _claim_names: elsewhere, hasgroups }: JWTPayload, sources: readonly string[]): void {
  const isElsewhere = (source: string): boolean =>
    (typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, source)) ||
    (source === 'groups' && hasgroups !== undefined);
  if (sources.some(isElsewhere)) throw new AuthenticationFailed('groups-overage');
}
