import type { Principal, StatementFacts } from '#events';
import { matchesAny } from './glob.js';
import type { When } from './schema.js';

/** Who runs a statement, and where. */
export interface Context {
  readonly principal: Principal;
  readonly target: string;
  readonly database: string;
}

type Test = (facts: StatementFacts, context: Context) => boolean;

/** One test per condition: the compiler asks for a new one when the schema gets a new condition. */
const tests: { readonly [K in keyof When]-?: (wanted: NonNullable<When[K]>) => Test } = {
  groups:
    (groups) =>
    (_, { principal }) =>
      principal.groups.some((group) => groups.includes(group)),
  subjects:
    (subjects) =>
    (_, { principal }) =>
      subjects.includes(principal.subject),
  targets:
    (patterns) =>
    (_, { target }) =>
      matchesAny(patterns, target),
  databases:
    (patterns) =>
    (_, { database }) =>
      matchesAny(patterns, database),
  verbs: (verbs) => (facts) => verbs.includes(facts.verb),
  effects: (effects) => (facts) => facts.effects.some((effect) => effects.includes(effect)),
  onlyEffects: (effects) => (facts) => facts.effects.every((effect) => effects.includes(effect)),
  relations: (patterns) => (facts) => [...facts.reads, ...facts.writes].some((name) => matchesAny(patterns, name)),
  reads: (patterns) => (facts) => facts.reads.some((name) => matchesAny(patterns, name)),
  writes: (patterns) => (facts) => facts.writes.some((name) => matchesAny(patterns, name)),
  allRelations: (patterns) => (facts) => [...facts.reads, ...facts.writes].every((name) => matchesAny(patterns, name)),
  functions: (patterns) => (facts) => facts.functions.some((name) => matchesAny(patterns, name)),
  settings: (patterns) => (facts) => (facts.settings ?? []).some((name) => matchesAny(patterns, name)),
  unbounded: (unbounded) => (facts) => facts.unbounded === unbounded,
  risks: (risks) => (facts) => (risks.includes('*') ? facts.risks.length > 0 : facts.risks.some((risk) => risks.includes(risk))),
  onlyRisks: (risks) => (facts) => facts.risks.every((risk) => risks.includes(risk)),
};

/** All conditions of a rule in one test. */
export function compileWhen(when: When): Test {
  const all = Object.entries(when).map(([condition, wanted]) => {
    const make = tests[condition as keyof When] as (wanted: unknown) => Test;
    return make(wanted);
  });
  return (facts, context) => all.every((test) => test(facts, context));
}

/**
 * Whether whatever satisfies `later` satisfies `earlier` too, so that a rule with `later` behind one with `earlier` never matches.
 * May say no where the answer is yes, never the other way round.
 */
export function covers(earlier: When, later: When): boolean {
  return Object.entries(earlier).every(([condition, wanted]) => {
    const asked = later[condition as keyof When];
    if (asked === undefined) return false;
    if (!Array.isArray(wanted) || !Array.isArray(asked)) return wanted === asked;
    const all: readonly string[] = wanted;
    return (all.includes('*') && takesStar.has(condition)) || asked.every((item) => all.includes(item));
  });
}

const takesStar = new Set([
  'targets',
  'databases',
  'relations',
  'reads',
  'writes',
  'allRelations',
  'functions',
  'settings',
  'risks',
]);
