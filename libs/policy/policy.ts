import type { Principal, StatementFacts } from '#events';
import { matchesAny } from './glob.js';
import { type Context, compileWhen } from './match.js';
import type { Mask, PolicyFile, Role, Rule } from './schema.js';

/** A rule with its conditions compiled into one test. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly matches: (facts: StatementFacts, context: Context) => boolean;
}

/** A policy that was checked: nothing in it can fail when it is asked. */
export interface Policy {
  /** SHA-256 of its exact bytes, in hex. */
  readonly hash: string;
  /** Where it was read from. */
  readonly source: string;
  readonly roles: readonly Role[];
  readonly rules: readonly CompiledRule[];
  readonly masks: readonly Mask[];
}

export function policyOf({ roles, rules, masks }: PolicyFile, hash: string, source: string): Policy {
  return { hash, source, roles, masks, rules: rules.map((rule) => ({ rule, matches: compileWhen(rule.when ?? {}) })) };
}

/** The role that a principal's session runs in, by the first that fits, and its login at the target. Without one there is no session. */
export function loginFor(
  policy: Policy,
  principal: Principal,
  target: string,
  database: string,
): { readonly name: string; readonly login: string } | undefined {
  const role = policy.roles.find((one) => fits(one, principal, target, database));
  return role && { name: role.name ?? role.login, login: role.login };
}

const fits = (role: Role, principal: Principal, target: string, database: string): boolean =>
  role.target === target &&
  matchesAny(role.databases, database) &&
  role.groups.some((group) => principal.groups.includes(group)) &&
  (role.subjects?.includes(principal.subject) ?? true) &&
  (role.issuer === undefined || role.issuer === principal.issuer);

/** The masks that hold for a principal, whatever rule allows the statement: only an exemption lifts one. */
export function masksFor(policy: Policy, principal: Principal, target: string, database: string): readonly Mask[] {
  return policy.masks.filter(
    (mask) =>
      (mask.target === undefined || mask.target === target) &&
      (mask.database === undefined || mask.database === database) &&
      !principal.groups.some((group) => mask.exempt?.groups.includes(group)),
  );
}
