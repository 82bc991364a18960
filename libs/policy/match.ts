import type { By, Principal, RunContext, StatementFacts } from '#events';
import type { Expression } from './cel/expression.js';
import { matchesAny } from './glob.js';
import type { Rule, When } from './schema.js';

/** Who runs a statement, and where. */
export interface Context {
  readonly principal: Principal;
  readonly target: string;
  readonly database: string;
  /** Who acts in the principal's name, the present actor first. Absent: the principal itself. */
  readonly actors?: readonly By[];
  /** What is said of the run that the statement belongs to. Absent: nothing. */
  readonly run?: RunContext;
  /** What the session may run as: its login, and what its role of the policy says. Absent: nothing that it would have to change to. */
  readonly mayRunAs?: readonly string[];
}

type Test = (facts: StatementFacts, context: Context) => boolean;

/** One test per condition: the compiler asks for a new one when the schema gets a new condition. */
const tests: { readonly [K in Exclude<keyof When, 'cel'>]-?: (wanted: NonNullable<When[K]>) => Test } = {
  groups:
    (groups) =>
    (_, { principal }) =>
      principal.groups.some((group) => groups.includes(group)),
  subjects:
    (subjects) =>
    (_, { principal }) =>
      subjects.includes(principal.subject),
  kinds:
    (kinds) =>
    (_, { principal }) =>
      kinds.includes(principal.kind),
  actors:
    (patterns) =>
    (_, { actors = [] }) =>
      actors.some(({ subject }) => matchesAny(patterns, subject)),
  run:
    (wanted) =>
    (_, { run }) =>
      run?.run !== undefined && (wanted === 'required' || run.run.by === 'token'),
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

/** All conditions in one test, but for the expression. */
export function compileWhen(when: When): Test {
  const plain = Object.entries(when).filter(([condition]) => condition !== 'cel');
  const all = plain.map(([condition, wanted]) => {
    const make = tests[condition as Exclude<keyof When, 'cel'>] as (wanted: unknown) => Test;
    return make(wanted);
  });
  return (facts, context) => all.every((test) => test(facts, context));
}

/**
 * All conditions of a rule in one test, its expression last: that costs the most. One that fails allows nothing and is no way around a
 * denial or a hold: such a rule matches.
 */
export function compileRule({ when = {}, then }: Rule, cel: Expression | undefined): Test {
  const plain = compileWhen(when);
  if (!cel) return plain;
  return (facts, context) => {
    if (!plain(facts, context)) return false;
    const outcome = cel.evaluate(bindings(facts, context));
    return typeof outcome === 'boolean' ? outcome : then !== 'allow';
  };
}

/** What the expression of a rule reads. */
export function bindings(facts: StatementFacts, { principal, actors = [], run = {}, target, database }: Context) {
  const { verb, effects, reads, writes, functions, settings = [], risks, unbounded } = facts;
  return {
    principal: { ...principal },
    actors: actors.map((actor) => ({ ...actor })),
    run: Object.fromEntries(Object.entries(run).map(([key, told]) => [key, { ...told }])),
    target,
    database,
    statement: { verb, effects, reads, writes, functions, settings, risks, unbounded },
  };
}

/**
 * Whether whatever satisfies `later` satisfies `earlier` too, so that a rule with `later` behind one with `earlier` never matches.
 * May say no where the answer is yes, never the other way round.
 */
export function covers(earlier: When, later: When): boolean {
  return Object.entries(earlier).every(([condition, wanted]) => {
    const asked = later[condition as keyof When];
    if (asked === undefined) return false;
    if (condition === 'run' && wanted === 'required') return true;
    if (!Array.isArray(wanted) || !Array.isArray(asked)) return wanted === asked;
    const all: readonly string[] = wanted;
    return (all.includes('*') && takesStar.has(condition)) || asked.every((item) => all.includes(item));
  });
}

const takesStar = new Set([
  'actors',
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
