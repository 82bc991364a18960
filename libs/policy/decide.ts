import type { Durability, StatementFacts } from '#events';
import { bindings, type Context } from './match.js';
import type { CompiledRule, Policy } from './policy.js';
import type { Rule } from './schema.js';

interface Decided {
  /** The rule's name; `sallyport:…` where none matched. */
  readonly rule: string;
  readonly reason: string;
  /** The strongest class that a rule asks for. */
  readonly durability?: Durability;
}

export type Decision = ({ readonly verdict: 'allow' | 'deny' } & Decided) | HoldDecision;

/** Who has to agree, and how long that may take. */
export interface HoldDecision extends Decided {
  readonly verdict: 'hold';
  /** Groups whose members may vote. */
  readonly approvers: readonly string[];
  /** How many of them have to agree. */
  readonly quorum: number;
  readonly waitMs: number;
  readonly expiresMs: number;
  readonly mode: 'wait' | 'retry';
}

/** A statement as it was resolved, now or when it was recorded. */
export interface Decidable {
  readonly facts: StatementFacts;
}

/** The proxy's own, before any rule: no policy lets a session leave its login, but for the roles that its role of the policy names. */
const roleGuard = 'sallyport:role-guard';

/**
 * Decides on the statements of one text: each by the first rule that matches it, all together by the strictest. Pure and total.
 * What no rule matches is denied by `sallyport:default`; a text without statements has nothing to deny (`sallyport:empty`).
 */
export function decide(statements: readonly Decidable[], context: Context, policy: Policy): Decision {
  const foreign = roleLeftFor(statements, context);
  if (foreign !== undefined) return { verdict: 'deny', rule: roleGuard, reason: foreign };
  const found = statements.map(({ facts }) => policy.rules.find(({ matches }) => matches(facts, context)));
  const rules = found.map((compiled) => compiled?.rule);
  const strictest = strictness
    .map((verdict) => rules.findIndex((rule) => (rule?.then ?? 'deny') === verdict))
    .find((at) => at >= 0);
  if (strictest === undefined) return { verdict: 'allow', rule: 'sallyport:empty', reason: 'no statement' };
  const compiled = found[strictest];
  if (compiled === undefined) return { verdict: 'deny', rule: 'sallyport:default', reason: 'no rule allows it' };
  const durability = strongest(rules);
  const failed = failureOf(compiled, statements[strictest], context);
  return { ...decisionOf(compiled.rule, failed), ...(durability && { durability }) };
}

function roleLeftFor(statements: readonly Decidable[], { mayRunAs = [] }: Context): string | undefined {
  for (const { facts } of statements) {
    const foreign = facts.assumes?.find((role) => !mayRunAs.includes(role));
    if (foreign === '*') return 'it may change the role that this, or a later, session runs as';
    if (foreign !== undefined) return `this session may not run as ${foreign}`;
  }
  return undefined;
}

/** Why the expression of the rule that decided is neither true nor false. */
function failureOf({ cel }: CompiledRule, statement: Decidable | undefined, context: Context): string | undefined {
  const outcome = cel && statement && cel.evaluate(bindings(statement.facts, context));
  return typeof outcome === 'object' ? outcome.failed : undefined;
}

const strictness = ['deny', 'hold', 'allow'] as const;

function decisionOf(rule: Rule, failed: string | undefined): Decision {
  const because = rule.reason ?? `rule ${rule.name}`;
  const reason = failed === undefined ? because : `${because} (its condition cannot be evaluated: ${failed})`;
  const decided = { rule: rule.name, reason };
  if (rule.then !== 'hold') return { verdict: rule.then, ...decided };
  const { approvers, quorum, wait, expires, mode } = rule.hold;
  return { verdict: 'hold', ...decided, approvers, quorum, waitMs: wait, expiresMs: expires, mode };
}

const classes = ['buffered', 'overlap', 'strict', 'replicated'] as const;

function strongest(rules: readonly (Rule | undefined)[]): Durability | undefined {
  const asked = rules.map((rule) => rule?.durability);
  return classes.findLast((durability) => asked.includes(durability as Exclude<Durability, 'buffered'>));
}
