import type { Principal, StatementFacts } from '#events';
import { compileExpression, type Expression } from './cel/expression.js';
import { type Kind, ofRole, ofRule } from './cel/kinds.js';
import { type Context, compileRule } from './match.js';
import type { CompiledRole } from './roles.js';
import type { Mask, PolicyFile, Rule } from './schema.js';

/** A rule with its conditions compiled into one test. */
export interface CompiledRule {
  readonly rule: Rule;
  readonly cel: Expression | undefined;
  readonly matches: (facts: StatementFacts, context: Context) => boolean;
}

/** A policy that was checked: nothing in it can fail when it is asked. */
export interface Policy {
  /** SHA-256 of its exact bytes, in hex. */
  readonly hash: string;
  /** Where it was read from. */
  readonly source: string;
  readonly roles: readonly CompiledRole[];
  readonly rules: readonly CompiledRule[];
  readonly masks: readonly Mask[];
  /** The claims that its roles read, by name. */
  readonly claimsRead: readonly string[];
}

/** @param file of which every expression compiles */
export function policyOf({ roles, rules, masks }: PolicyFile, hash: string, source: string): Policy {
  const compiled = roles.map((role) => ({ role, when: compiledOf(role.when, ofRole) }));
  return {
    hash,
    source,
    roles: compiled,
    rules: rules.map((rule) => {
      const cel = compiledOf(rule.when?.cel, ofRule);
      return { rule, cel, matches: compileRule(rule, cel) };
    }),
    masks,
    claimsRead: [...new Set(compiled.flatMap(({ when }) => when?.claims ?? []))].sort(),
  };
}

function compiledOf(text: string | undefined, variables: Readonly<Record<string, Kind>>): Expression | undefined {
  if (text === undefined) return undefined;
  const expression = compileExpression(text, variables);
  if ('message' in expression) throw new Error(`an expression was not checked: ${expression.message}`);
  return expression;
}

/** The masks that hold for a principal, whatever rule allows the statement: only an exemption lifts one. */
export const masksFor = (policy: Policy, principal: Principal, target: string, database: string): readonly Mask[] =>
  masksOn(policy, target, database).filter((mask) => exemptingGroup(mask, principal) === undefined);

/** The masks of a database, whoever reads it. */
export const masksOn = ({ masks }: Policy, target: string, database: string): readonly Mask[] =>
  masks.filter(
    (mask) =>
      (mask.target === undefined || mask.target === target) && (mask.database === undefined || mask.database === database),
  );

/** The group by which a principal is exempt from a mask. */
export const exemptingGroup = ({ exempt }: Mask, { groups }: Principal): string | undefined =>
  groups.find((group) => exempt?.groups.includes(group));
