import type { StatementFacts } from '#events';
import { compile } from './compile.js';
import { decide, type Decision } from './decide.js';
import type { Context } from './match.js';
import { masksFor, type Policy } from './policy.js';
import { chooseRole } from './roles.js';

const policy = (text: string): Policy => {
  const compiled = compile(text, 'policy.yml');
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.policy;
};

const plain: StatementFacts = {
  verb: 'SELECT',
  effects: ['read'],
  reads: [],
  writes: [],
  functions: [],
  unbounded: false,
  risks: [],
  from: 0,
  to: 8,
};
const principal = { groups: ['agents'], issuer: 'https://issuer', kind: 'agent' as const, subject: 'billing-bot' };
const context: Context = { principal, target: 'main', database: 'shop' };

const decided = (when: string, facts: Partial<StatementFacts>, where: Partial<Context> = {}): string => {
  const rules = policy(`rules: [{ name: matched, when: ${when}, then: allow }]`);
  return decide([{ facts: { ...plain, ...facts } }], { ...context, ...where }, rules).rule;
};

describe('a condition', () => {
  it.each<[string, Partial<StatementFacts>]>([
    ['{}', {}],
    ['{ groups: [people, agents] }', {}],
    ['{ subjects: [billing-bot] }', {}],
    ['{ targets: [ma*] }', {}],
    ['{ databases: ["*"] }', {}],
    ['{ verbs: [INSERT, SELECT] }', {}],
    ['{ effects: [ddl, write] }', { effects: ['read', 'write'] }],
    ['{ onlyEffects: [read, write] }', { effects: ['read'] }],
    ['{ relations: ["public.*"] }', { writes: ['public.orders'] }],
    ['{ reads: ["*.orders"] }', { reads: ['public.orders'] }],
    ['{ writes: [public.orders] }', { writes: ['public.orders', 'public.x'] }],
    ['{ allRelations: ["public.*"] }', { reads: ['public.a'], writes: ['public.b'] }],
    ['{ allRelations: ["public.*"] }', {}],
    ['{ functions: ["public.*"] }', { functions: ['public.f'] }],
    ['{ settings: [work_mem] }', { settings: ['work_mem'] }],
    ['{ unbounded: false }', {}],
    ['{ risks: [rule, trigger] }', { risks: ['rule'] }],
    ['{ risks: ["*"] }', { risks: ['sleep'] }],
    ['{ onlyRisks: [rule, sleep] }', { risks: ['sleep'] }],
    ['{ onlyRisks: [] }', {}],
  ])('%s holds for %j', (when, facts) => {
    expect(decided(when, facts)).toBe('matched');
  });

  it.each<[string, Partial<StatementFacts>]>([
    ['{ groups: [people] }', {}],
    ['{ subjects: [billing] }', {}],
    ['{ targets: [mai] }', {}],
    ['{ databases: [shop2] }', {}],
    ['{ verbs: [SELECT] }', { verb: 'SELECT FOR UPDATE' }],
    ['{ effects: [ddl] }', { effects: ['read', 'write'] }],
    ['{ onlyEffects: [read] }', { effects: ['read', 'write'] }],
    ['{ relations: ["public.*"] }', { reads: ['publics.a'] }],
    ['{ reads: [public.orders] }', { writes: ['public.orders'] }],
    ['{ allRelations: ["public.*"] }', { reads: ['public.a', 'pg_catalog.pg_class'] }],
    ['{ functions: ["public.*"] }', {}],
    ['{ settings: ["*"] }', {}],
    ['{ unbounded: true }', {}],
    ['{ risks: ["*"] }', {}],
    ['{ risks: [rule] }', { risks: ['trigger'] }],
    ['{ onlyRisks: [rule] }', { risks: ['rule', 'trigger'] }],
    ['{ verbs: [SELECT], unbounded: true }', {}],
  ])('%s does not hold for %j', (when, facts) => {
    expect(decided(when, facts)).toBe('sallyport:default');
  });
});

describe('decide', () => {
  const rules = policy(`
rules:
  - { name: no-drop, when: { verbs: [DROP TABLE] }, then: deny, reason: nothing is dropped }
  - { name: ask, when: { verbs: [DELETE] }, then: hold, hold: { approvers: [dba] }, durability: strict }
  - { name: look, when: { verbs: [SELECT] }, then: allow, durability: overlap }
`);
  const of = (...verbs: string[]): Decision =>
    decide(
      verbs.map((verb) => ({ facts: { ...plain, verb } })),
      context,
      rules,
    );

  it('takes the first rule that matches', () => {
    expect(of('SELECT')).toEqual({ verdict: 'allow', rule: 'look', reason: 'rule look', durability: 'overlap' });
  });

  it('denies what no rule matches', () => {
    expect(of('INSERT')).toEqual({ verdict: 'deny', rule: 'sallyport:default', reason: 'no rule allows it' });
  });

  it('says who may release a hold, and for how long it waits', () => {
    expect(of('DELETE')).toEqual({
      verdict: 'hold',
      rule: 'ask',
      reason: 'rule ask',
      approvers: ['dba'],
      quorum: 1,
      waitMs: 45_000,
      expiresMs: 900_000,
      mode: 'wait',
      durability: 'strict',
    });
  });

  it.each([
    [['SELECT', 'SELECT'], 'look'],
    [['SELECT', 'DELETE', 'SELECT'], 'ask'],
    [['DELETE', 'DROP TABLE'], 'no-drop'],
    [['DELETE', 'INSERT', 'DROP TABLE'], 'sallyport:default'],
  ])('takes the strictest of %j', (verbs, rule) => {
    expect(of(...verbs).rule).toBe(rule);
  });

  it('asks for the strongest durability of all', () => {
    expect(of('SELECT', 'DELETE').durability).toBe('strict');
  });

  it('lets an empty text pass', () => {
    expect(of()).toEqual({ verdict: 'allow', rule: 'sallyport:empty', reason: 'no statement' });
  });

  it('is not slowed down by patterns full of stars', () => {
    const pattern = `${'*a'.repeat(40)}*b`;
    expect(decided(`{ reads: ["${pattern}"] }`, { reads: ['a'.repeat(5_000)] })).toBe('sallyport:default');
  });
});

describe('chooseRole', () => {
  const roles = policy(`
roles:
  - { name: one, groups: [agents], subjects: [other-bot], target: main, databases: [shop], login: a }
  - { groups: [agents], issuer: 'https://elsewhere', target: main, databases: [shop], login: b }
  - { groups: [nobody], target: main, databases: ['*'], login: c }
  - { name: mine, groups: [agents], target: main, databases: [shop, 'test_*'], login: d }
  - { groups: [agents], target: main, databases: ['*'], login: e }
`);

  it.each([
    ['main', 'shop', { name: 'mine', login: 'd', mayAssume: [] }],
    ['main', 'test_1', { name: 'mine', login: 'd', mayAssume: [] }],
    ['main', 'other', { name: 'e', login: 'e', mayAssume: [] }],
    ['second', 'shop', undefined],
  ])('on %s/%s', (target, database, granted) => {
    expect(chooseRole(roles, { principal, actors: [], claims: {} }, target, database).granted).toEqual(granted);
  });
});

describe('masksFor', () => {
  const masks = policy(`
masks:
  - { column: a.b.c, mask: redact }
  - { column: a.b.d, mask: redact, target: second }
  - { column: a.b.e, mask: redact, database: other }
  - { column: a.b.f, mask: redact, exempt: { groups: [agents] } }
`);

  it('gives those of the place, but not those that a group lifts', () => {
    const columns = (groups: string[]) =>
      masksFor(masks, { ...principal, groups }, 'main', 'shop').map(({ column }) => column.column);
    expect(columns(['agents'])).toEqual(['c']);
    expect(columns(['people'])).toEqual(['c', 'f']);
  });
});
