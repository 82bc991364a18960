import type { Principal, StatementFacts } from '#events';
import { type Context, compileWhen } from './match.js';
import type { Mask, PolicyFile, Role, Rule } from './schema.js';

/** A rule with its conditions compiled into one test. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly matches: (facts: StatementFacts, context: Context) => boolean;
}

/** A policy that was checked: nothing in it can fail when it is asked. */
export class Policy {
  readonly rules: readonly CompiledRule[];
  readonly roles: readonly Role[];
  readonly masks: readonly Mask[];

  /**
   * @param hash SHA-256 of its exact bytes, in hex
   * @param source where it was read from, for records
   */
  constructor(
    file: PolicyFile,
    readonly hash: string,
    readonly source: string,
  ) {
    this.roles = file.roles;
    this.masks = file.masks;
    this.rules = file.rules.map((rule) => ({ rule, matches: compileWhen(rule.when ?? {}) }));
  }

  /** The login that a principal's session runs as, by the first role that fits. Without one there is no session. */
  loginFor(principal: Principal, target: string, database: string): string | undefined {
    return this.roles.find((role) => fits(role, principal, target, database))?.login;
  }

  /** The masks that hold for a principal, whatever rule allows the statement. */
  masksFor(principal: Principal, target: string, database: string): readonly Mask[] {
    return this.masks.filter(
      (mask) =>
        (mask.target === undefined || mask.target === target) &&
        (mask.database === undefined || mask.database === database) &&
        !principal.groups.some((group) => mask.exempt?.groups.includes(group)),
    );
  }
}

const fits = (role: Role, principal: Principal, target: string, database: string): boolean =>
  role.target === target &&
  (role.databases === '*' || role.databases.includes(database)) &&
  role.groups.some((group) => principal.groups.includes(group)) &&
  (role.subjects?.includes(principal.subject) ?? true) &&
  (role.issuer === undefined || role.issuer === principal.issuer);
