import type { Durability, StatementFacts } from '#events';
import type { Context } from './match.js';
import type { Policy } from './policy.js';
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

/**
 * Decides on the statements of one text: each by the first rule that matches it, all together by the strictest. Pure and total.
 * What no rule matches is denied by `sallyport:default`; a text without statements has nothing to deny (`sallyport:empty`).
 */
export function decide(statements: readonly Decidable[], context: Context, policy: Policy): Decision {
  const rules = statements.map(({ facts }) => policy.rules.find(({ matches }) => matches(facts, context))?.rule);
  const strictest = strictness
    .map((verdict) => rules.findIndex((rule) => (rule?.then ?? 'deny') === verdict))
    .find((at) => at >= 0);
  if (strictest === undefined) return { verdict: 'allow', rule: 'sallyport:empty', reason: 'no statement' };
  const rule = rules[strictest];
  if (rule === undefined) return { verdict: 'deny', rule: 'sallyport:default', reason: 'no rule allows it' };
  const durability = strongest(rules);
  return { ...decisionOf(rule), ...(durability && { durability }) };
}

const strictness = ['deny', 'hold', 'allow'] as const;

function decisionOf(rule: Rule): Decision {
  const decided = { rule: rule.name, reason: rule.reason ?? `rule ${rule.name}` };
  if (rule.then !== 'hold') return { verdict: rule.then, ...decided };
  const { approvers, quorum, wait, expires, mode } = rule.hold;
  return { verdict: 'hold', ...decided, approvers, quorum, waitMs: wait, expiresMs: expires, mode };
}

const classes = ['buffered', 'overlap', 'strict', 'replicated'] as const;

function strongest(rules: readonly (Rule | undefined)[]): Durability | undefined {
  const asked = rules.map((rule) => rule?.durability);
  return classes.findLast((durability) => asked.includes(durability as Exclude<Durability, 'buffered'>));
}
